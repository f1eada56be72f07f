import { describe, expect, test } from "vitest";
import { LAB_ARRAYS } from "../../../src/lab/arrays/kinds.ts";
import { commandOf } from "../../../src/text/index.ts";
import { type Bench, goldOf, refusal, snapshotsOf, withEngine } from "../../support/engine.ts";
import type { LabState } from "../../support/lab.ts";

const NAME = "after_the_edit";
/** The world but for its snapshots. */
const beside = ({ volumes, assignments, hosts, datastores, vms, files }: LabState): object => {
  return { volumes, assignments, hosts, datastores, vms, files };
};
const INPUTS = { newSnapshot: NAME };

describe.each(LAB_ARRAYS)("--take_snapshot on %s", async (array) => {
  const bench: Bench = await withEngine({ array });
  const named = bench.lab.world.state.ids.style.volumeName;
  const gold = (state: LabState) => goldOf(state, named("AutomatedTest-VMBootImg-Gold"));
  const own = (state: LabState) => snapshotsOf(state, gold(state).id);

  test("takes one of gold, which is the latest then, and touches nothing else", async () => {
    await bench.reset("clone-assigned");
    const before = await bench.control.state();
    const plan = await bench.plan("snapshot", INPUTS);
    expect(commandOf(plan)).toContain(`atvm_prep --take_snapshot ${NAME} -n ${gold(before).name} -c CDS1-ESX165 `);
    expect(plan.steps.map(({ kind, irreversible }) => [kind, irreversible])).toEqual([["take_snapshot", false]]);
    const run = await bench.run(plan);
    const after = await bench.control.state();
    const [taken, ...others] = own(after);
    expect(taken).toMatchObject({ name: NAME, dataVersion: gold(before).dataVersion });
    expect(others).toEqual(own(before));
    expect(run).toMatchObject({ state: "succeeded", report: { latest: { name: NAME, id: taken?.id } } });
    expect(beside(after)).toEqual(beside(before));
    expect((await bench.plan("automated_testing")).snapshot).toMatchObject({ name: NAME, chosenBy: "latest" });
  });

  test("refuses while VMs on gold are running, unless it may be crash consistent, which is shown", async () => {
    await bench.reset("gold-assigned");
    const error = await refusal(bench.plan("snapshot", INPUTS), "VOLUME_IN_USE");
    expect(error.next).toContainEqual({ kind: "plan_with", option: "crashConsistent" });
    const plan = await bench.plan("snapshot", { ...INPUTS, crashConsistent: true });
    expect(commandOf(plan)).toContain(" --crash_consistent");
    expect(plan.warnings.join()).toMatch(/crash consistent only/);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded", report: { latest: { name: NAME } } });
  });

  test("is stale once a VM on gold was powered on, or somebody took one of the name", async () => {
    await bench.reset("gold-assigned", { running: 0 });
    const plan = await bench.plan("snapshot", INPUTS);
    await bench.control.touch("power-on");
    await refusal(bench.run(plan), "STALE_PLAN");
    await bench.reset("empty");
    const other = await bench.plan("snapshot", INPUTS);
    await bench.control.touch("new-snapshot", { lun: gold(await bench.control.state()).name, name: NAME });
    await refusal(bench.run(other), "STALE_PLAN");
  });

  test("refuses a name that is there, one that the array does not allow, and none", async () => {
    await bench.reset("empty");
    const [latest] = own(await bench.control.state());
    await refusal(bench.plan("snapshot", { newSnapshot: latest?.name }), "SNAPSHOT_AMBIGUOUS");
    await refusal(bench.plan("snapshot", { newSnapshot: latest?.id }), "SNAPSHOT_AMBIGUOUS");
    await refusal(bench.plan("snapshot", { newSnapshot: "x".repeat(400) }), "BAD_REQUEST");
    await refusal(bench.plan("snapshot"), "BAD_REQUEST");
  });

  test("refuses where gold is on another client", async () => {
    await bench.reset("busy-elsewhere");
    expect((await refusal(bench.plan("snapshot", INPUTS), "VOLUME_IN_USE")).hint).toMatch(/for that client/);
  });

  test("is taken once though its answer was lost", async () => {
    await bench.reset("empty");
    await bench.control.faults({ api: "dgs", op: "CreateSnapshot", action: "reset-after" });
    const run = await bench.prep("snapshot", INPUTS);
    if (run.state !== "succeeded") {
      expect(run.state).toBe("needs_operator");
      const rest = await bench.app.engine.resumePlan(run.runId, bench.actor);
      expect(await bench.run(rest)).toMatchObject({ state: "succeeded" });
    }
    const after = await bench.control.state();
    expect(own(after).filter(({ name }) => name === NAME)).toHaveLength(1);
  });
});
