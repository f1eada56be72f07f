import { expect, it } from "vitest";
import { OPERATIONS } from "../../src/vsphere/operations.ts";
import { PRIVILEGES } from "../../src/vsphere/privileges.ts";

it("each call that changes something, or works on a host's storage, stands in the table of privileges", () => {
  const listed = new Set<string>(PRIVILEGES.flatMap(({ calls }) => calls));
  const wanted = Object.entries(OPERATIONS).filter(([, { changes, timeout }]) => changes || timeout === "storage");
  expect(wanted.length).toBeGreaterThan(8);
  expect(wanted.map(([name]) => name).filter((name) => !listed.has(name))).toEqual([]);
});
