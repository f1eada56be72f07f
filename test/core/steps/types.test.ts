import { expect, test } from "vitest";
import type { StepRow } from "../../../src/core/ports/store.ts";
import { outputsOf } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";

const row: StepRow = { runId: "run_1", seq: 1, stepId: "s1", state: "done" };

test("what a step has left is read back from its row; a row that somebody changed is refused, and named", async () => {
  expect(outputsOf(row)).toBeUndefined();
  expect(outputsOf({ ...row, outputs: '{"assignmentId":"a-1","leftovers":["b"]}' })).toEqual({
    assignmentId: "a-1",
    leftovers: ["b"],
  });
  for (const outputs of ["{", '{"leftovers":1}']) {
    const error = await refusal((async () => outputsOf({ ...row, outputs }))(), "STORE_UNUSABLE");
    expect(error.message).toContain("step s1 of run run_1");
  }
});
