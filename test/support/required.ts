/** What tests need of a machine and not every machine has. */

/**
 * Whether it is there. Where it is not, the tests that need it are left out, and say so; with ATVM_MACHINE=required, as in
 * CI, they are run and fail.
 */
export function isThere(present: boolean, what: string): boolean {
  if (present || process.env["ATVM_MACHINE"] === "required") return true;
  process.stderr.write(`${what}: the tests that need it are left out. CI runs them.\n`);
  return false;
}
