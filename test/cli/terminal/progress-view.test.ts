import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { ProgressView } from "../../../src/cli/terminal/progress-view.ts";
import type { RunRecord } from "../../../src/core/records.ts";
import { runOf } from "./terminal.ts";

type Step = RunRecord["steps"][number];
const first: Step = { id: "a", kind: "power_off", text: "Power off 3 VMs", state: "pending" };
const second: Step = { id: "b", kind: "unmount", text: "Unmount", state: "pending" };
const run = (...steps: Step[]): RunRecord => runOf("running", { steps });

function watch(isTTY: boolean, updates: RunRecord[], columns = 80): string {
  const out = Object.assign(new PassThrough(), { isTTY, columns });
  const live = new ProgressView(out);
  for (const update of updates) live.update(update);
  live.end();
  return out.read()?.toString() ?? "";
}

const times = { startedAt: "2026-11-23T10:00:00.000Z", endedAt: "2026-11-23T10:01:05.000Z" };
const updates = [
  run({ ...first, state: "running", detail: "1 of 3 off" }, second),
  run({ ...first, state: "running", detail: "2 of 3 off" }, second),
  run({ ...first, state: "done", detail: "3 off", ...times }, { ...second, state: "skipped" }),
];

describe("progress of a run", () => {
  it("is a line for each beginning and end where nobody watches", () => {
    expect(watch(false, updates).split("\n")).toEqual([
      "… 1/2 Power off 3 VMs: 1 of 3 off",
      "✓ 1/2 Power off 3 VMs: 3 off (1 min 5 s)",
      "– 2/2 Unmount: already done",
      "",
    ]);
  });

  it("is kept up to date in one line on a terminal, cut to its width", () => {
    const shown = watch(true, updates, 30);
    expect(shown).toContain("\r\x1b[2K⠋ 1/2 Power off 3 VMs: 2 of …");
    expect(shown.endsWith("✓ 1/2 Power off 3 VMs: 3 off\n      (1 min 5 s)\n– 2/2 Unmount: already done\n")).toBe(true);
  });

  it("goes on between updates: how long the step has taken, what it usually takes, what else is at work", () => {
    const out = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
    let now = Date.parse(times.startedAt) + 500;
    const live = new ProgressView(out, () => now);
    live.expect(new Map([["power_off", 25_000]]));
    const working = { ...first, state: "running" as const, startedAt: times.startedAt };
    live.update(run(working, { ...second, state: "running", startedAt: times.startedAt }));
    now += 11_500;
    live.tick();
    live.end();
    const [early = "", late = ""] = (out.read()?.toString() ?? "").split("\r\x1b[2K").slice(1);
    expect(early).toBe("⠋ 1/2 power off  ⠋ 2/2 unmount");
    expect(late).toBe("⠙ 1/2 power off (12 s, usually 25 s)  ⠙ 2/2 unmount (12 s)");
  });

  it("names all steps that are under way on one line of a terminal, in short, each in its share of the width", () => {
    const both = [run({ ...first, state: "running", detail: "1 of 3 off" }, { ...second, state: "running" })];
    expect(watch(true, both)).toContain("\r\x1b[2K⠋ 1/2 power off: 1 of 3 off  ⠋ 2/2 unmount");
    expect(watch(true, both, 35)).toContain("\r\x1b[2K⠋ 1/2 power off…  ⠋ 2/2 unmount");
  });

  it("says nothing twice", () => {
    const [update] = updates;
    if (update === undefined) throw new Error("there is one");
    expect(watch(false, [update, update, update]).split("\n")).toHaveLength(2);
  });
});
