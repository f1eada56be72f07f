/** How far a run is, for who sees the page and who is told of it. */
import { expect, it } from "vitest";
import { going, spokenRun } from "../../../../src/http/console/pages/run.ts";
import { sampleRun } from "../../../support/views.ts";

it("counts a step that was not needed as finished, in the bar and in words alike", async () => {
  const run = sampleRun(2);
  const [first, ...others] = run.steps;
  if (first === undefined) throw new Error("the sample has steps");
  const skipped = { ...run, steps: [{ ...first, state: "skipped" as const }, ...others] };
  const total = run.steps.length;
  expect(String(await going(skipped, { steps: new Map() }, run.createdAt))).toContain(`2 of ${total} steps`);
  expect(spokenRun(skipped)).toBe(`The run is running, 2 of ${total} steps finished.`);
});
