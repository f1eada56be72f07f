/** What a run says that it leaves, and what comes next. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asVolumeId } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import type { NextAction } from "../../../src/core/domain/next-action.ts";
import { RUN_STATES, type RunState } from "../../../src/core/domain/states.ts";
import { readStoredPlan } from "../../../src/core/plans/plan.ts";
import type { Plan } from "../../../src/core/plans/plan-schema.ts";
import type { RunRow } from "../../../src/core/ports/store.ts";
import type { PrepInputs } from "../../../src/core/request/request.ts";
import { nextActions, partReport, SCRIPT_BEGUN } from "../../../src/core/runs/report.ts";
import { assignedTo, type Bench, CLIENT, GOLD, goldOf, withEngine } from "../../support/engine.ts";
import { CLONE } from "../../support/observations.ts";
import { assemble } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});
beforeEach(async () => {
  await bench.reset("clone-assigned");
});

const REGISTER: NextAction = { kind: "register", lun: GOLD, client: CLIENT };
const note = (text: RegExp): unknown => ({ kind: "note", text: expect.stringMatching(text) });

describe("after a run that succeeded", () => {
  test.each<{ mode: Mode; inputs?: Partial<PrepInputs>; scenario?: string; next: readonly unknown[] }>([
    { mode: "automated_testing", next: [note(/^Its VMs are not registered\.$/), REGISTER] },
    { mode: "automated_testing", inputs: { registerVms: true }, next: [note(/^Power the VMs on in vCenter/)] },
    { mode: "maintenance", next: [note(/^Its VMs are not registered\.$/), REGISTER] },
    { mode: "release", next: [note(/^The client has nothing of this LUN/), { kind: "prepare" }] },
    { mode: "unregister", next: [note(/^The volume stays assigned and mounted\.$/), REGISTER] },
    { mode: "register", next: [note(/^Power the VMs on in vCenter/)] },
    { mode: "snapshot", inputs: { newSnapshot: "today" }, scenario: "empty", next: [{ kind: "prepare" }] },
  ])("$mode $inputs", async ({ mode, inputs = {}, scenario = "clone-assigned", next }) => {
    await bench.reset(scenario);
    const run = await bench.prep(mode, inputs);
    expect(run.state).toBe("succeeded");
    expect(run.next).toEqual(next);
  });
});

test("nothing follows where every VM was registered already", async () => {
  await bench.prep("register");
  expect((await bench.prep("register")).next).toEqual([]);
});

let stores = 0;

/** A run that nobody has begun, in a store of its own: it would stand in the way of others. */
async function unfinished(mode: Mode, inputs: Partial<PrepInputs> = {}): Promise<{ plan: Plan; row: RunRow }> {
  stores += 1;
  const { engine, store } = await assemble(bench, {
    anotherStore: `unfinished-${stores}`,
    launch: async () => undefined,
  });
  const { planId, planToken } = await engine.plan(mode, { lun: "Gold", ...inputs }, bench.actor);
  const { runId } = await engine.confirm(planToken ?? "", bench.actor, { waitMs: 0 });
  const found = await store.read(async (tx) => ({ plan: await tx.plan(planId), row: await tx.run(runId) }));
  if (found.plan === undefined || found.row === undefined) throw new Error("not in the store");
  return { plan: readStoredPlan(found.plan).plan, row: found.row };
}

describe("after a run that did not succeed", () => {
  test.each(RUN_STATES.filter((state) => state !== "succeeded"))("%s", async (state) => {
    const { plan, row } = await unfinished("release");
    const error = new PrepError("REMOTE_FAULT", "No.", { hint: "Mend it.", next: [{ kind: "see_runs" }] });
    const resume: NextAction = { kind: "resume", runId: row.id };
    const expected: Partial<Record<RunState, readonly unknown[]>> = {
      failed: [{ kind: "note", text: "Mend it." }, { kind: "see_runs" }, resume],
      needs_operator: [{ kind: "note", text: "Mend it." }, { kind: "see_runs" }, resume],
      cancelled: [note(/^It stopped between two steps/), resume],
      interrupted: [note(/^It stopped between two steps/), resume],
    };
    expect(nextActions(row, plan, state, error)).toEqual(expected[state] ?? []);
    // Its plan's record may be unreadable, and its error unknown.
    const bare: Partial<Record<RunState, readonly unknown[]>> = {
      ...expected,
      failed: [{ kind: "note", text: "Check the failed step." }, resume],
      needs_operator: [{ kind: "note", text: "Check the step that stopped the run." }, resume],
    };
    expect(nextActions(row, undefined, state, undefined)).toEqual(bare[state] ?? []);
  });

  test("and whose plan cannot be read, or did: nothing is told of what it left", async () => {
    const { row } = await unfinished("release");
    expect(nextActions(row, undefined, "succeeded", undefined)).toEqual([]);
  });

  test("one that the site's script carried out is not resumed", async () => {
    const { plan, row } = await unfinished("release");
    const scripted: Plan = {
      ...plan,
      draft: {
        ...plan.draft,
        steps: [
          {
            id: "s1",
            kind: "script",
            after: [],
            words: ["x"],
            withPassword: false,
            where: "here",
            goal: { mode: "release", lun: GOLD, signatures: [] },
          },
        ],
      },
    };
    const error = new PrepError("OUTCOME_UNKNOWN", "No.", { hint: "Look.", next: [{ kind: "see_runs" }] });
    expect(nextActions(row, scripted, "needs_operator", error)).toEqual([
      { kind: "note", text: "Look." },
      { kind: "see_runs" },
    ]);
    expect(nextActions(row, scripted, "needs_operator", undefined)).toEqual([{ kind: "note", text: SCRIPT_BEGUN }]);
    const report = { ended: "with code 3", answered: [], output: ["no"], log: [] };
    const failed = new PrepError("REMOTE_FAULT", "No.", { hint: "Look.", found: { script: report } });
    const step = { stepId: "s1", state: "failed", error: JSON.stringify(failed.toRecord()) } as const;
    expect(partReport(scripted, row, [{ runId: row.id, seq: 0, ...step }]).script).toEqual(report);
    expect(partReport(scripted, row, [{ runId: row.id, seq: 0, stepId: "s1", state: "running" }])).not.toHaveProperty(
      "script",
    );
    const detach = { id: "s2", kind: "detach", after: ["s1"], naa: CLONE.naa } as const;
    const longer = { ...scripted, draft: { ...scripted.draft, steps: [...scripted.draft.steps, detach] } };
    const steps = [step, { ...step, stepId: "s2", error: JSON.stringify(error.toRecord()) }];
    expect(
      partReport(
        longer,
        row,
        steps.map((one) => ({ runId: row.id, seq: 0, ...one })),
      ).script,
    ).toEqual(report);
  });

  test("what its steps made is among what it leaves, or may be", async () => {
    const { plan, row } = await unfinished("automated_testing");
    const make = plan.draft.steps.find(({ kind }) => kind === "create_clone")?.id ?? "";
    const step = { runId: row.id, seq: 0, stepId: make };
    expect(partReport(plan, row, [])).toEqual({ vms: [], leftovers: plan.draft.leftovers });
    expect(partReport(plan, row, [{ ...step, state: "failed" }]).leftovers).toEqual(plan.draft.leftovers);
    for (const state of ["running", "unknown"] as const) {
      expect(partReport(plan, row, [{ ...step, state }]).leftovers.at(-1)).toMatch(
        new RegExp(`^A clone named \\S*${row.id.slice(-6)} may have been made`),
      );
    }
    const volume = { id: asVolumeId("vol-9"), naa: plan.target.lun.naa, name: "made" };
    const outputs = JSON.stringify({ volume });
    const made = partReport(plan, row, [{ ...step, state: "done", outputs }]);
    expect(made).toMatchObject({ volume, naa: volume.naa });
    expect(made.leftovers).toEqual([
      ...plan.draft.leftovers,
      `Clone made (vol-9, ${volume.naa}) was made by this run; resuming it goes on with this clone.`,
    ]);
    // And what an earlier run of it had made.
    const { id, naa, name } = CLONE;
    const inherited = { ...plan, inheritedOutputs: { s0: { volume: { id, naa, name } } } };
    expect(partReport(inherited, row, [])).toMatchObject({ volume: { id }, naa });
  });
});

describe("the report of a run that succeeded", () => {
  test("names what was kept as asked, and not what was deleted", async () => {
    const [clone] = assignedTo(await bench.control.state());
    const run = await bench.prep("release", { keepClone: true });
    expect(run.report?.leftovers).toEqual([`Kept as asked: ${clone?.name} (${clone?.id}).`]);
    await bench.reset("clone-assigned");
    expect((await bench.prep("release")).report?.leftovers).toEqual([]);
  });

  test("has the volume that the client ends up with, its datastore and its VMs, registered or not", async () => {
    const { report } = await bench.prep("automated_testing", { registerVms: true });
    const state = await bench.control.state();
    const [clone] = assignedTo(state);
    expect(report).toMatchObject({
      volume: { id: clone?.id, name: clone?.name },
      naa: report?.volume?.naa,
      datastore: { vmfsUuid: expect.any(String) },
    });
    expect(report?.vms.every(({ registered }) => registered)).toBe(true);
    expect(report?.vms.length).toBeGreaterThan(0);
    expect(report?.latest).toBeUndefined();
    const unregistered = await bench.prep("unregister");
    expect(unregistered.report).toMatchObject({ volume: { id: clone?.id }, vms: [] });
  });

  test("has gold where that is what the client ends up with", async () => {
    const { report } = await bench.prep("maintenance");
    const gold = goldOf(await bench.control.state());
    expect(report).toMatchObject({ volume: { id: gold.id, name: gold.name } });
  });

  test.each([
    ["automated_testing", "DeleteVolume"],
    ["maintenance", "DeleteVolume"],
  ] as const)("of what was left of another has the volume that the whole ends up with: %s", async (mode, op) => {
    await bench.control.faults({ api: "dgs", op, action: "job-failed" });
    const failed = await bench.prep(mode);
    expect(failed.state).toBe("failed");
    const rest = await bench.app.engine.resumePlan(failed.runId, bench.actor);
    expect(rest.steps.some(({ kind }) => kind === "delete_clone")).toBe(true);
    const { report } = await bench.run(rest);
    const [assigned] = assignedTo(await bench.control.state());
    expect(report?.volume?.id).toBe(assigned?.id);
  });

  test("has the snapshot that was taken as the latest", async () => {
    await bench.reset("empty");
    const { report } = await bench.prep("snapshot", { newSnapshot: "today" });
    expect(report?.latest?.name).toBe("today");
    expect(report?.volume).toBeUndefined();
  });
});
