import { expect, test } from "vitest";
import { STEP_KINDS } from "../../../src/core/domain/states.ts";
import { isIrreversible } from "../../../src/core/steps/catalog.ts";
import type { Step } from "../../../src/core/steps/types.ts";

test("what cannot be undone is said to be so: what a VM had in memory, a clone, gold's present state, a script's doing", () => {
  // Only its kind is asked for.
  const told = STEP_KINDS.filter((kind) => isIrreversible({ id: "s1", kind, after: [] } as unknown as Step));
  expect(told.toSorted()).toEqual(["delete_clone", "power_off", "rollback_volume", "script"]);
});
