/** What an assistant is shown of a plan and a run on the default lab: complete, short, and never cut off by a client. */
import { beforeAll, describe, expect, test } from "vitest";
import { capped, planText, presentPlan, presentRun, runText, wordingFor } from "../../src/text/index.ts";
import { type Bench, withEngine } from "../support/engine.ts";
import { samplePlan, shownPlan, vms } from "../support/views.ts";

const words = wordingFor("assistant", { config: "/etc/atvm/config.yaml" });
const times = (text: string, part: string): number => text.split(part).length - 1;

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

describe("on the default lab", () => {
  test("a plan fits 1,600 bytes and names each VM, clone and datastore once, the run's answer 700", async () => {
    const client = { ...bench.actor, client: "claude-code 2.1.332" };
    const asked = { lun: "Gold", reason: "nightly tests" };
    const made = await bench.app.engine.plan("automated_testing", asked, client);
    const plan = presentPlan(made, words);
    const text = planText(plan);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_600);
    const [first = ""] = text.split("\n");
    expect(first).toContain("1 clone to make, 1 clone to DELETE, 2 VMs off, 5 VMs unregistered");
    expect(first).toContain(plan.summary);
    for (const vm of plan.impact.vmsToUnregister) expect(times(text, `"${vm.name}"`)).toBe(1);
    for (const clone of plan.impact.clonesToDelete) expect(times(text, clone.name)).toBe(1);
    for (const line of plan.afterwards) expect(text).toContain(line);
    expect(text).toContain(plan.command);
    expect(times(text, made.planToken ?? "no token")).toBe(1);
    // Some clients hand on the data alone, and some the text alone.
    for (const needed of [plan.summary, plan.command, plan.planToken ?? "", ...plan.afterwards]) {
      expect(JSON.stringify(plan)).toContain(JSON.stringify(needed).slice(1, -1));
    }

    const run = presentRun(await bench.run(made), words);
    expect(run.state).toBe("succeeded");
    const answer = runText(run);
    expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(700);
    expect(answer).toContain(run.report?.volume?.naa ?? "no volume");
    expect(answer).toMatch(/Steps: \d+ done, 2 not needed\./);
    expect(
      runText(run, true)
        .split("\n")
        .filter((line) => /^\d+\. \[/.test(line)),
    ).toHaveLength(run.steps.length);
  });
});

describe("a result of many parts", () => {
  test("is cut to the head of its longest lists, and says how many there are", () => {
    const sample = samplePlan({ planToken: "the-token" });
    const impact = { ...sample.impact, vmsToPowerOff: vms(2_000), vmsToUnregister: vms(2_000) };
    const plan = shownPlan({ ...sample, impact });
    const small = capped({ ...plan }, 20_000);
    expect(JSON.stringify(small).length).toBeLessThanOrEqual(20_000);
    expect(small["shortened"]).toMatchObject({ "impact.vmsToPowerOff": 2_000, "impact.vmsToUnregister": 2_000 });
    expect(small).toMatchObject({ planToken: "the-token", command: plan.command, summary: plan.summary });
    expect(small["steps"]).toEqual(plan.steps);
    expect(Buffer.byteLength(planText(plan))).toBeLessThanOrEqual(2_500);
  });

  test("that fits is left as it is", () => {
    const plan = shownPlan(samplePlan());
    expect(capped({ ...plan }, 20_000)).toEqual(plan);
  });
});
