import { describe, expect, it } from "vitest";
import { exitCodeOf, exitCodeOfRun } from "../../../src/cli/terminal/exit-codes.ts";
import { ERROR_CODES, type ErrorCode, type ErrorRecord } from "../../../src/core/domain/errors.ts";
import { RUN_STATES } from "../../../src/core/domain/states.ts";

// As SURFACE lists them; what is in none of these is 1.
const LISTED: Readonly<Record<number, readonly ErrorCode[]>> = {
  2: ["BAD_REQUEST", "CONFIG_INVALID", "CREDENTIALS_MISSING"],
  4: ["NOT_APPROVED", "DECLINED", "PLAN_EXPIRED"],
  5: ["LOCKED"],
  6: ["STALE_PLAN", "PLAN_OBSOLETE"],
  7: ["OUTCOME_UNKNOWN", "GUEST_STILL_RUNNING"],
};
const REFUSED = ERROR_CODES.slice(
  ERROR_CODES.indexOf("UNKNOWN_LUN"),
  ERROR_CODES.indexOf("CLONE_HAS_CHILDREN") + 1,
).concat(
  "NOT_SUPPORTED",
  "VOLUME_UNUSABLE",
  "SAME_NAA",
  "ASSIGNED_THROUGH_GROUP",
  "TOOLS_MISSING",
  "VM_HAS_QUESTION",
  "VM_MANAGED",
  "METHOD_DISABLED",
  "HOST_IN_MAINTENANCE",
  "UNMOUNT_BLOCKED",
  "FORBIDDEN",
  "WRONG_PRINCIPAL",
  "WRONG_CONTROLLER",
);

const expected = (code: ErrorCode): number => {
  if (REFUSED.includes(code)) return 3;
  const listed = Object.entries(LISTED).find(([, codes]) => codes.includes(code));
  return listed === undefined ? 1 : Number(listed[0]);
};

describe("exit codes", () => {
  it.each(ERROR_CODES)("%s ends the process with the code that scripts rely on", (code) => {
    expect(exitCodeOf(code)).toBe(expected(code));
  });

  it("gives a run that ended well 0, a stopped one 130, one that needs a person 7", () => {
    const codes = Object.fromEntries(RUN_STATES.map((state) => [state, exitCodeOfRun({ state })]));
    expect(codes).toEqual({
      queued: 0,
      running: 0,
      succeeded: 0,
      failed: 1,
      cancelled: 130,
      interrupted: 130,
      needs_operator: 7,
    });
  });

  it("gives a failed run its error's code", () => {
    const error = { code: "COPY_NOT_FOUND", message: "m", hint: "h", retryable: false, next: [] } satisfies ErrorRecord;
    expect(exitCodeOfRun({ state: "failed", error })).toBe(3);
  });
});
