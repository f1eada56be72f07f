/** Names of snapshots to be taken: what the array allows, and nothing that is taken; which VMs count is those on gold here. */
import { describe, expect, test } from "vitest";
import {
  assignmentOf,
  CLONE,
  drafted,
  GOLD,
  OTHER_CLIENT_ID,
  refusedWith,
  seen,
  vmOn,
} from "../../support/observations.ts";

describe("--take_snapshot", () => {
  test.each([
    ["today", "planned"],
    ["t", "planned"],
    ["x".repeat(255), "planned"],
    ["x".repeat(256), "BAD_REQUEST"],
    ["", "BAD_REQUEST"],
    ["-today", "BAD_REQUEST"],
    ["to day", "BAD_REQUEST"],
    ["nightly-27", "SNAPSHOT_AMBIGUOUS"],
  ])("by the name %j: %s", (newSnapshot, code) => {
    expect(refusedWith("snapshot", seen([]), { newSnapshot })).toBe(code);
  });

  test("without a name is refused", () => {
    expect(refusedWith("snapshot", seen([]))).toBe("BAD_REQUEST");
  });

  test("is refused where gold is on another client", () => {
    const assignments = [assignmentOf(GOLD, OTHER_CLIENT_ID)];
    expect(refusedWith("snapshot", seen([], { array: { assignments } }), { newSnapshot: "today" })).toBe(
      "VOLUME_IN_USE",
    );
  });

  test("needs no VM to be off where it may be crash consistent", () => {
    const vms = [vmOn(GOLD, "db-01")];
    const steps = (crashConsistent: boolean) =>
      drafted("snapshot", seen([GOLD], { vms }), { newSnapshot: "today", crashConsistent }).steps;
    expect(steps(false)).toMatchObject([{ off: [{ id: "vm-db-01" }] }]);
    expect(steps(true)).toMatchObject([{ off: [] }]);
  });

  test("looks at the VMs on gold where the client has it, at no others", () => {
    const asked = { newSnapshot: "today" };
    const on = vmOn(CLONE, "web-01", { powerState: "poweredOn" });
    const draft = drafted("snapshot", seen([CLONE], { vms: [on] }), asked);
    expect(draft.steps).toMatchObject([{ kind: "take_snapshot", name: "today", off: [] }]);
    expect(draft.facts).not.toHaveProperty(`vm:${on.id}`);
    // Gold's own datastore, as the host remembers it, is nobody's to look at while gold is not here.
    const onGold = vmOn(GOLD, "db-01", { powerState: "poweredOn" });
    const datastores = seen([CLONE, GOLD]).inventory.datastores;
    expect(refusedWith("snapshot", seen([CLONE], { vms: [onGold], inventory: { datastores } }), asked)).toBe("planned");
    expect(refusedWith("snapshot", seen([GOLD], { vms: [onGold] }), asked)).toBe("VOLUME_IN_USE");
  });
});
