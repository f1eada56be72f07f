/** One run carried out, without a lab: what stands in its row, its journal and the audit, and what its steps may rely on. */
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asVolumeId } from "../../../src/core/domain/ids.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import { lockNames } from "../../../src/core/engine-options.ts";
import { refOf } from "../../../src/core/modes/draft.ts";
import type { RunRow, StepRow, Store } from "../../../src/core/ports/store.ts";
import { type ExecuteOptions, executeRun } from "../../../src/core/runs/executor.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import {
  assignmentOf,
  CLIENT_ID,
  CLONE,
  cloneOf,
  diskOf,
  GOLD,
  NEWEST,
  seen,
  vmOn,
} from "../../support/observations.ts";
import { storeWith } from "../../support/parts.ts";
import { type RunBench, runBench, SOON, settled } from "../../support/run-bench.ts";

const known = ({ id, naa, name }: typeof CLONE) => ({ id, naa, name });
const CLIENT = { id: CLIENT_ID, name: safeText("CDS1-ESX165") };
const ASSIGNED = assignmentOf(CLONE).id;
const MADE = { ...cloneOf("made-before"), id: asVolumeId("vol-made") };

/** A store that is heard of each step before it is written, and may be kept from it. */
const beforeSteps =
  (hear: (step: StepRow) => void) =>
  (real: Store): Store =>
    storeWith(real, {
      write: (work) =>
        real.write((tx) =>
          work({
            ...tx,
            putStep: async (step) => {
              hear(step);
              await tx.putStep(step);
            },
          }),
        ),
    });

const detach = (id: string, ...after: string[]): Step => ({ id, kind: "detach", after, naa: CLONE.naa });
const unassign = (id: string, ...after: string[]): Step => ({
  id,
  kind: "unassign",
  after,
  assignmentId: ASSIGNED,
  volume: known(CLONE),
  client: CLIENT,
});
const rescanIfChanged = (id: string, by: string): Step => ({
  id,
  kind: "rescan",
  after: [by],
  expectGone: [],
  onlyIfChanged: by,
});
const createClone = (id: string): Step => ({
  id,
  kind: "create_clone",
  after: [],
  gold: known(GOLD),
  snapshot: { id: NEWEST.id, name: NEWEST.name },
  name: { stem: "gold-esx", joint: "-" },
});
const assignFrom = (id: string, from: string, ...after: string[]): Step => ({
  id,
  kind: "assign",
  after,
  volume: { from },
  client: CLIENT,
});

/** The clone assigned and not mounted, so that it can be taken away. */
const UNMOUNTED = seen([CLONE], { storage: { mounts: [] } });
const DETACHED = `detach ${diskOf(CLONE).uuid}`;

const { signal } = new AbortController();
const execute = (bench: RunBench, row: RunRow, options: Partial<ExecuteOptions> = {}): Promise<void> =>
  executeRun(bench.deps, row.id, { signal, ...options });

async function isFree({ store }: RunBench, row: RunRow): Promise<boolean> {
  const held = await store.tryLock(lockNames(row));
  await held?.release();
  return held !== undefined;
}

/** What the journal has of each step. */
async function journalOf({ store }: RunBench, { id }: RunRow): Promise<Record<string, object>> {
  const steps = await store.read((tx) => tx.steps(id));
  return Object.fromEntries(steps.map(({ stepId, runId: _, seq: __, ...rest }) => [stepId, rest]));
}

const read = (json: string | undefined): unknown => (json === undefined ? undefined : JSON.parse(json));
const errorsIn = ({ log }: RunBench): string[] =>
  log.filter(({ level }) => level === "error" || level === "warn").map(({ message }) => message);

const BUSY = new PrepError("REMOTE_FAULT", "It is busy.", { hint: "Wait.", next: [{ kind: "see_runs" }] });
const LOST = new PrepError("OUTCOME_UNKNOWN", "No answer came.", { hint: "Look." });

describe("a run that nothing disturbs", () => {
  test("is written down from its beginning to its end, lets go of its locks and signs out", async () => {
    let closed = 0;
    const bench = await runBench({
      close: async () => {
        await settled();
        closed += 1;
      },
      hypervisor: {
        detach: async () => {
          expect(await isFree(bench, row)).toBe(false);
          bench.passed += 1_000;
        },
      },
    });
    bench.world = UNMOUNTED;
    const row = await bench.queued([detach("s1"), unassign("s2", "s1")], { run: { originId: "run_origin" } });
    await execute(bench, row);
    const at = (second: number): string => `2026-11-28T12:00:0${second}.000Z`;
    const ended = await bench.run(row.id);
    expect(ended).toMatchObject({ state: "succeeded", startedAt: at(0), endedAt: at(1) });
    expect(ended.error).toBeUndefined();
    expect(read(ended.report)).toMatchObject({ vms: [], leftovers: [], volume: { id: CLONE.id } });
    expect(read(ended.next)).toMatchObject([{ kind: "note" }, { kind: "prepare" }]);
    expect(await journalOf(bench, row)).toEqual({
      s1: { state: "done", startedAt: at(0), endedAt: at(1), detail: "detached" },
      s2: { state: "done", startedAt: at(1), endedAt: at(1), detail: "unassigned" },
    });
    expect(bench.acts).toEqual([`unassign ${ASSIGNED} by run_origin.s2`]);
    expect(await bench.events(row.id)).toEqual([
      ["run_started", {}],
      ["step_begin", { step: "s1", kind: "detach", text: expect.stringContaining(CLONE.naa) }],
      ["step_end", { step: "s1", kind: "detach", state: "done", detail: "detached" }],
      ["step_begin", { step: "s2", kind: "unassign", text: expect.stringContaining(CLONE.name) }],
      ["step_end", { step: "s2", kind: "unassign", state: "done", detail: "unassigned" }],
      ["run_succeeded", {}],
    ]);
    expect(closed).toBe(1);
    expect(await isFree(bench, row)).toBe(true);
    expect(bench.log.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "info step_begin",
      "info step_end",
      "info step_begin",
      "info step_end",
      "info run ended",
    ]);
    expect(bench.log.at(-1)?.data).toMatchObject({ run: row.id, state: "succeeded" });
  });

  test("has a step skipped whose goal is reached, and tells the next ones that it changed nothing", async () => {
    const bench = await runBench();
    const steps = [detach("s1"), rescanIfChanged("s2", "s1")];
    const row = await bench.queued(steps);
    await execute(bench, row);
    expect(bench.acts).toEqual([DETACHED, "rescan"]);
    bench.world = seen([CLONE], { storage: { disks: [diskOf(CLONE, "off")] } });
    const again = await bench.queued(steps);
    await execute(bench, again);
    expect(await journalOf(bench, again)).toMatchObject({
      s1: { state: "skipped", detail: "already detached" },
      s2: { state: "skipped", detail: "not needed" },
    });
    expect(bench.acts).toEqual([DETACHED, "rescan"]);
  });

  test("hands on what a step made, and keeps it in the journal for whoever goes on after it", async () => {
    const bench = await runBench({
      array: {
        createClone: async ({ name }) => {
          bench.world = {
            ...bench.world,
            array: { ...bench.world.array, volumes: [GOLD, CLONE, { ...MADE, name: safeText(name) }] },
          };
          return { volumeId: MADE.id };
        },
      },
    });
    const row = await bench.queued([createClone("s1"), assignFrom("s2", "s1", "s1")]);
    await execute(bench, row);
    expect(await bench.run(row.id)).toMatchObject({ state: "succeeded" });
    expect(bench.acts).toEqual([`assign ${MADE.id} by ${row.id}.s2`]);
    const steps = await bench.store.read((tx) => tx.steps(row.id));
    expect(steps.map(({ outputs }) => read(outputs))).toEqual([
      { volume: { id: MADE.id, naa: MADE.naa, name: expect.stringMatching(/^gold-esx-20261128-120000-/) } },
      { assignmentId: "assigned" },
    ]);
  });

  test("goes on with what the run that it resumes had made", async () => {
    const bench = await runBench();
    const origin = { runId: "run_first", createdAt: "2026-11-28T11:00:00.000Z" };
    const row = await bench.queued([assignFrom("s4", "s3", "s3")], {
      resumes: {
        runId: "run_first",
        origin,
        inheritedOutputs: { s3: { volume: known(MADE) } },
        keys: { s4: "a new key" },
      },
    });
    await execute(bench, row);
    expect(await bench.run(row.id)).toMatchObject({ state: "succeeded" });
    expect(bench.acts).toEqual([`assign ${MADE.id} by a new key`]);
  });

  test("tells how far a step is while it runs, and nothing of it after its end", async () => {
    const told: (string | undefined)[] = [];
    const bench = await runBench({
      array: {
        unassign: async (_id, _key, progress) => {
          progress?.(50);
          await expect.poll(() => told, SOON).toEqual(["50 %"]);
          progress?.(99);
        },
      },
      store: beforeSteps(({ state, detail }) => {
        if (state === "running" && detail !== undefined) told.push(detail);
      }),
    });
    bench.world = UNMOUNTED;
    const row = await bench.queued([unassign("s1")]);
    await execute(bench, row);
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    expect(told).toEqual(["50 %"]);
    expect(await journalOf(bench, row)).toMatchObject({ s1: { state: "done", detail: "unassigned" } });
  });

  test("unregisters VMs as another of its steps gets them off", async () => {
    const [one, two] = [
      vmOn(CLONE, "one", { powerState: "poweredOn" }),
      vmOn(CLONE, "two", { powerState: "poweredOn" }),
    ];
    const bench: RunBench = await runBench({
      hypervisor: {
        powerOff: async (ids, progress) => {
          bench.acts.push("first off");
          progress?.(1, 2, { id: one.id });
          await expect.poll(() => bench.acts, SOON).toContain(`gone ${one.id}`);
          bench.acts.push("second off");
          progress?.(2, 2, { id: two.id });
          bench.world = { ...bench.world, vms: bench.world.vms.map((vm) => ({ ...vm, powerState: "poweredOff" })) };
          return ids.map((id) => ({ id }));
        },
        unregister: async (ids) => {
          bench.acts.push(...ids.map((id) => `gone ${id}`));
          bench.world = { ...bench.world, vms: bench.world.vms.filter(({ id }) => !ids.includes(id)) };
          return ids.map((id) => ({ id }));
        },
      },
    });
    bench.world = seen([CLONE], { vms: [one, two] });
    const vms = [refOf(one), refOf(two)];
    const row = await bench.queued([
      { id: "s1", kind: "power_off", after: [], vms },
      { id: "s2", kind: "unregister", after: [], vms, dead: false, asStoppedBy: "s1" },
    ]);
    await execute(bench, row);
    expect(await bench.run(row.id)).toMatchObject({ state: "succeeded" });
    expect(bench.acts).toEqual(["first off", `gone ${one.id}`, "second off", `gone ${two.id}`]);
  });

  test("is over only when it has signed out; that it could not does not unmake it", async () => {
    const gate = Promise.withResolvers<void>();
    const bench = await runBench({ close: () => gate.promise });
    const row = await bench.queued([detach("s1")]);
    let isOver = false;
    const over = execute(bench, row).then(() => {
      isOver = true;
    });
    await expect.poll(async () => (await bench.run(row.id)).state, SOON).toBe("succeeded");
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    expect(isOver).toBe(false);
    gate.reject(new Error("no session"));
    await over;
    expect(await isFree(bench, row)).toBe(true);
    expect(errorsIn(bench)).toEqual(["signing out"]);
  });

  test("has succeeded though what it leaves could not be looked at: its journal tells what it made", async () => {
    const bench = await runBench({
      hypervisor: {
        detach: async () => {
          bench.world = {
            ...bench.world,
            get inventory(): never {
              throw BUSY;
            },
          };
        },
      },
    });
    const row = await bench.queued([detach("s1")], { draft: { leftovers: ["A datastore."] } });
    await execute(bench, row);
    const ended = await bench.run(row.id);
    expect(ended.state).toBe("succeeded");
    expect(read(ended.report)).toEqual({ vms: [], leftovers: ["A datastore."] });
    expect(errorsIn(bench)).toEqual(["the report could not be completed"]);
  });
});

describe("a run that does not begin", () => {
  test("is refused where there is none of that id", async () => {
    const bench = await runBench();
    const refused = await refusal(executeRun(bench.deps, "run_none", { signal }), "RUN_UNKNOWN");
    expect(refused.next).toEqual([{ kind: "see_runs" }]);
  });

  test("is left alone once it is over, or another runner has begun it", async () => {
    const bench = await runBench();
    for (const state of ["running", "failed", "succeeded"] as const) {
      const row = await bench.queued([detach("s1")], { run: { state } });
      await execute(bench, row);
      expect(await bench.run(row.id)).toEqual(row);
    }
    // Another one began it while this one waited for the locks.
    let isAnother = true;
    const late = await runBench({
      store: (real) =>
        storeWith(real, {
          tryLock: async (names) => {
            if (isAnother) await real.write((tx) => tx.updateRun(row.id, { state: "running" }));
            isAnother = false;
            return real.tryLock(names);
          },
        }),
    });
    const row = await late.queued([detach("s1")]);
    await execute(late, row);
    expect(await late.run(row.id)).toEqual({ ...row, state: "running" });
    expect([...bench.acts, ...late.acts, ...(await late.events(row.id))]).toEqual([]);
    expect(await isFree(late, row)).toBe(true);
  });

  test("fails where its locks do not become free in half a minute, and nothing is done", async () => {
    const bench = await runBench({ store: (real) => storeWith(real, { tryLock: async () => undefined }) });
    const row = await bench.queued([detach("s1")]);
    await execute(bench, row);
    expect(bench.passed).toBeGreaterThanOrEqual(30_000);
    expect(bench.passed).toBeLessThan(31_000);
    expect(bench.acts).toEqual([]);
    const ended = await bench.run(row.id);
    expect(ended).toMatchObject({ state: "failed" });
    expect(ended.report).toBeUndefined();
    expect(read(ended.error)).toMatchObject({ code: "LOCKED" });
    expect(await bench.events(row.id)).toMatchObject([["run_failed", { code: "LOCKED" }]]);
    expect(await isFree(bench, row)).toBe(true);
  });

  test("takes the locks that it was given, and lets go of them", async () => {
    const bench = await runBench();
    const row = await bench.queued([detach("s1")]);
    const held = await bench.store.tryLock(lockNames(row));
    await execute(bench, row, { held });
    expect(await bench.run(row.id)).toMatchObject({ state: "succeeded" });
    expect(bench.passed).toBe(0);
    expect(await isFree(bench, row)).toBe(true);
  });

  test("fails where its plan is not in the store", async () => {
    const bench = await runBench({
      store: (real) =>
        storeWith(real, { read: (work) => real.read((tx) => work({ ...tx, plan: async () => undefined })) }),
    });
    const row = await bench.queued([detach("s1")]);
    await execute(bench, row);
    const ended = await bench.run(row.id);
    expect(read(ended.error)).toMatchObject({ code: "PLAN_UNKNOWN", message: expect.stringContaining(row.id) });
    expect(ended.report).toBeUndefined();
    expect(bench.acts).toEqual([]);
  });

  test("fails where the configuration names other systems, or the world is another", async () => {
    let vcenter = "vcenter.example";
    const bench = await runBench({ endpoints: () => ({ array: "https://array.example", vcenter }) });
    const [elsewhere, changed] = [await bench.queued([detach("s1")]), await bench.queued([detach("s1")])];
    vcenter = "another.example";
    await execute(bench, elsewhere);
    expect(read((await bench.run(elsewhere.id)).error)).toMatchObject({ code: "PLAN_OBSOLETE" });
    vcenter = "vcenter.example";
    bench.world = seen([CLONE], { vms: [vmOn(CLONE, "new")] });
    await execute(bench, changed);
    const ended = await bench.run(changed.id);
    expect(ended.state).toBe("failed");
    expect(read(ended.error)).toMatchObject({
      code: "STALE_PLAN",
      message: expect.stringMatching(/^The state changed before the first step: .*new/),
      next: [{ kind: "plan_again" }],
      diff: [expect.stringContaining("new")],
    });
    expect(read(ended.report)).toEqual({ vms: [], leftovers: [] });
    expect(await journalOf(bench, changed)).toEqual({});
    expect(bench.acts).toEqual([]);
  });

  test("fails at a defect of the program's own, which is in the log", async () => {
    const bench = await runBench({
      endpoints: () => {
        if (isBroken) throw new TypeError("x is undefined");
        return { array: "https://array.example", vcenter: "vcenter.example" };
      },
    });
    let isBroken = false;
    const row = await bench.queued([detach("s1")]);
    isBroken = true;
    await execute(bench, row);
    expect(read((await bench.run(row.id)).error)).toMatchObject({ code: "INTERNAL" });
    expect(errorsIn(bench)).toEqual(["a run met a defect"]);
    expect(await isFree(bench, row)).toBe(true);
  });
});

describe("a run whose step does not end well", () => {
  test.each([
    ["failed", "failed", BUSY, []],
    ["unknown", "needs_operator", LOST, []],
    ["failed", "failed", new TypeError("x is undefined"), ["a run met a defect"]],
  ] as const)("has it as %s, ends as %s and begins no other", async (stepState, state, thrown, logged) => {
    const bench = await runBench({ hypervisor: { detach: () => Promise.reject(thrown) } });
    bench.world = UNMOUNTED;
    const row = await bench.queued([detach("s1"), unassign("s2", "s1")], { draft: { leftovers: ["A datastore."] } });
    await execute(bench, row);
    const ended = await bench.run(row.id);
    expect(ended.state).toBe(state);
    const error: unknown = read(ended.error);
    expect(error).toMatchObject(
      thrown instanceof PrepError
        ? { code: thrown.code, message: thrown.message, hint: thrown.hint }
        : { code: "INTERNAL" },
    );
    expect(read(ended.next)).toContainEqual({ kind: "resume", runId: row.id });
    expect(read(ended.report)).toEqual({ vms: [], leftovers: ["A datastore."] });
    const { s1, ...others } = await journalOf(bench, row);
    expect(s1).toEqual({
      state: stepState,
      startedAt: expect.any(String),
      endedAt: expect.any(String),
      error: ended.error,
    });
    expect(others).toEqual({});
    expect(bench.acts).toEqual([]);
    expect((await bench.events(row.id)).slice(-2)).toMatchObject([
      ["step_end", { step: "s1", kind: "detach", state: stepState }],
      [`run_${state}`, {}],
    ]);
    for (const [, said] of (await bench.events(row.id)).slice(-2))
      expect(said).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    expect(errorsIn(bench)).toEqual([...logged]);
    expect(await isFree(bench, row)).toBe(true);
  });

  test("has a step that waits for VMs which nobody will stop end as well", async () => {
    const vm = vmOn(CLONE, "on", { powerState: "poweredOn" });
    const bench = await runBench({ hypervisor: { detach: () => Promise.reject(BUSY) } });
    bench.world = seen([CLONE], { vms: [vm] });
    const row = await bench.queued([
      detach("s1"),
      { id: "s2", kind: "power_off", after: ["s1"], vms: [refOf(vm)] },
      { id: "s3", kind: "unregister", after: [], vms: [refOf(vm)], dead: false, asStoppedBy: "s2" },
    ]);
    await execute(bench, row);
    expect(await journalOf(bench, row)).toMatchObject({ s1: { state: "failed" }, s3: { state: "failed" } });
    expect(read((await bench.run(row.id)).error)).toMatchObject({ message: expect.stringMatching(/^2 steps failed/) });
  });

  test("is not called failed where only its end could not be written: that it began is all that is known", async () => {
    const bench = await runBench({
      store: beforeSteps(({ state }) => {
        if (state === "done") throw new PrepError("AUDIT_UNWRITABLE", "Full.", { hint: "Make room." });
      }),
    });
    const row = await bench.queued([detach("s1")]);
    await execute(bench, row);
    expect(await journalOf(bench, row)).toMatchObject({ s1: { state: "running" } });
    expect(read((await bench.run(row.id)).error)).toMatchObject({ code: "AUDIT_UNWRITABLE" });
  });
});

describe("a run that has to stop", () => {
  /** Two steps, of which the first is under way when `stop` is called. */
  async function stopped(stop: (bench: RunBench, row: RunRow) => Promise<void>, options: Partial<ExecuteOptions> = {}) {
    const bench: RunBench = await runBench({ hypervisor: { detach: () => stop(bench, row) } });
    bench.world = UNMOUNTED;
    const row = await bench.queued([detach("s1"), unassign("s2", "s1")]);
    await execute(bench, row, options);
    expect(await journalOf(bench, row)).toMatchObject({ s1: { state: "done" } });
    expect(bench.acts).toEqual([]);
    return { ended: await bench.run(row.id), events: await bench.events(row.id), row };
  }

  test("ends its step, begins no other and can be resumed: its process ends", async () => {
    const controller = new AbortController();
    const { ended, events, row } = await stopped(async () => controller.abort(), { signal: controller.signal });
    expect(ended.state).toBe("interrupted");
    expect(read(ended.next)).toMatchObject([{ kind: "note" }, { kind: "resume", runId: row.id }]);
    expect(events.at(-1)).toEqual(["run_interrupted", {}]);
    expect(ended.error).toBeUndefined();
    expect(read(ended.report)).toEqual({ vms: [], leftovers: [] });
  });

  test("does the same where its locks were lost", async () => {
    let isHeld = true;
    const held = { stillHeld: async () => isHeld, release: async () => undefined };
    const { ended } = await stopped(
      async () => {
        isHeld = false;
      },
      { held },
    );
    expect(ended.state).toBe("interrupted");
  });

  test("does the same where somebody cancelled it", async () => {
    const { ended, events } = await stopped((bench, row) =>
      bench.store.write((tx) => tx.updateRun(row.id, { cancelRequested: true })),
    );
    expect(ended.state).toBe("cancelled");
    expect(events.at(-1)).toEqual(["run_cancelled", {}]);
  });

  test("leaves the end alone that somebody else has written meanwhile", async () => {
    const bench: RunBench = await runBench({
      hypervisor: {
        detach: () => bench.store.write((tx) => tx.updateRun(row.id, { state: "interrupted", next: "[]" })),
      },
    });
    const row = await bench.queued([detach("s1")]);
    await execute(bench, row);
    const ended = await bench.run(row.id);
    expect(ended).toMatchObject({ state: "interrupted", next: "[]" });
    expect(ended.endedAt).toBeUndefined();
    expect((await bench.events(row.id)).map(([type]) => type)).toEqual(["run_started", "step_begin", "step_end"]);
  });
});
