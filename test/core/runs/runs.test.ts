/** Runs that go on without their client, stop between steps, say what they know, and are resumed as new ones. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../../src/app.ts";
import { PrepError } from "../../../src/core/domain/errors.ts";
import {
  assignedTo,
  type Bench,
  expectFreshClone,
  goldOf,
  refusal,
  snapshotsOf,
  withEngine,
} from "../../support/engine.ts";
import { assemble, gateAtUnmount, storeWith } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});
beforeEach(async () => {
  await bench.control.clearFaults();
  for (const { planId } of await bench.app.engine.listPlans({ principal: bench.actor.principal }))
    await bench.app.engine.discardPlan({ planId }, bench.actor);
  await bench.control.reset({ scenario: "clone-assigned" });
});

const { signal: aborted } = ((): AbortController => {
  const controller = new AbortController();
  controller.abort();
  return controller;
})();
const states = (run: { readonly steps: readonly { readonly state: string }[] }) => run.steps.map((step) => step.state);

describe("a run", () => {
  test("goes on when the call that started it is aborted, and can be followed by anyone", async () => {
    const plan = await bench.plan("automated_testing");
    const first = await bench.app.engine.confirm(plan.planToken ?? "", bench.actor, { signal: aborted });
    expect(["queued", "running"]).toContain(first.state);
    const elsewhere = await bench.another();
    const seen: string[] = [];
    const run = await elsewhere.engine.getRun(first.runId, {
      waitMs: 25_000,
      onUpdate: (update) => void seen.push(update.state),
    });
    expect(run.state).toBe("succeeded");
    expect(seen.at(-1)).toBe("succeeded");
    const later = await bench.app.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 25_000 });
    expect(later.runId).toBe(first.runId);
  });

  test("that is cancelled stops before its next step; what is left is planned as a new run, and nothing else", async () => {
    const before = await bench.control.state();
    const plan = await bench.plan("automated_testing");
    const gate = gateAtUnmount();
    const { engine } = await assemble(bench, gate);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    await gate.reached;
    expect(await bench.app.engine.cancelRun(runId, bench.actor)).toMatchObject({ state: "running" });
    gate.open();
    const run = await bench.app.engine.getRun(runId, { waitMs: 25_000 });
    expect(run).toMatchObject({ state: "cancelled" });
    const done = run.steps.filter((step) => step.state === "done").map((step) => step.kind);
    expect(done.at(-1)).toBe("unmount");
    expect(run.steps.find((step) => step.kind === "delete_clone")?.state).toBe("pending");

    const rest = await bench.app.engine.resumePlan(runId, bench.actor);
    expect(rest).toMatchObject({ resumes: runId, mode: "automated_testing" });
    expect(rest.planToken).not.toBe(plan.planToken);
    expect(rest.steps.map((step) => step.id)).toEqual(
      run.steps.filter((step) => step.state === "pending").map((step) => step.id),
    );
    expect(rest.impact.vmsToPowerOff).toEqual([]);
    const second = await bench.run(rest);
    expect(second).toMatchObject({ state: "succeeded", resumes: runId });
    expect(await bench.app.engine.getRun(runId)).toMatchObject({ resumedBy: second.runId });
    const { store } = await openStore(bench.app.config);
    const [first, resumed] = await store.read((tx) => Promise.all([runId, second.runId].map((id) => tx.run(id))));
    await store.close();
    // What a resumed run asks an array for is known by the first run's id and time.
    const origin = { originId: runId, originCreatedAt: first?.createdAt };
    expect([first, resumed]).toMatchObject([origin, origin]);
    expect(resumed?.createdAt).not.toBe(first?.createdAt);
    expectFreshClone(await bench.control.state(), snapshotsOf(before, goldOf(before).id)[0]?.id ?? "");
    await refusal(bench.app.engine.resumePlan(runId, bench.actor), "PLAN_OBSOLETE");
    await refusal(bench.app.engine.resumePlan(second.runId, bench.actor), "BAD_REQUEST");
  });

  test("is cancelled only by whom it belongs to", async () => {
    const plan = await bench.plan("automated_testing");
    const gate = gateAtUnmount();
    const { engine } = await assemble(bench, gate);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    await gate.reached;
    await refusal(
      bench.app.engine.cancelRun(runId, { ...bench.actor, principal: "os:mallory@elsewhere" }),
      "WRONG_PRINCIPAL",
    );
    gate.open();
    expect(await bench.app.engine.getRun(runId, { waitMs: 25_000 })).toMatchObject({ state: "succeeded" });
  });

  test("that goes on holds its LUN and its client: no plan, no resume, no other confirm", async () => {
    const other = await bench.plan("automated_testing", { lun: "Gold2" });
    const plan = await bench.plan("automated_testing");
    const gate = gateAtUnmount();
    const { engine: running } = await assemble(bench, gate);
    const { runId } = await running.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    await gate.reached;
    const elsewhere = (await bench.another()).engine;
    for (const engine of [running, elsewhere]) {
      await refusal(engine.plan("maintenance", { lun: "Gold" }, bench.actor), "LOCKED");
      await refusal(engine.resumePlan(runId, bench.actor), "LOCKED");
      await refusal(engine.confirm(other.planToken ?? "", bench.actor), "LOCKED");
    }
    // Another LUN on another client is nobody's business.
    await elsewhere.plan("automated_testing", { lun: "Gold2", client: "CDS1-ESX166" }, bench.actor);
    gate.open();
    expect(await elsewhere.getRun(runId, { waitMs: 25_000 })).toMatchObject({ state: "succeeded" });
  });

  test("whose step has no certain outcome needs an operator, says what it knows, and resuming looks first", async () => {
    const plan = await bench.plan("automated_testing");
    const clone = plan.impact.clonesToDelete[0];
    await bench.control.faults({ api: "dgs", op: "DeleteVolume", action: "reset-after", times: 2 });
    const run = await bench.run(plan);
    const step = run.steps.find((one) => one.kind === "delete_clone");
    if (run.state === "succeeded") throw new Error("the lost reply was not lost");
    expect(run).toMatchObject({ state: "needs_operator", error: { code: "OUTCOME_UNKNOWN" } });
    expect(step).toMatchObject({ state: "unknown" });
    expect(run.error?.found).toMatchObject({ volumeId: clone?.id });
    expect(run.next).toContainEqual({ kind: "resume", runId: run.runId });
    const rest = await bench.run(await bench.app.engine.resumePlan(run.runId, bench.actor));
    expect(rest.state).toBe("succeeded");
    const deleted = (await bench.control.state()).mutations.filter((one) => one.op === "DeleteVolume");
    expect(deleted.map((one) => one.target)).toEqual([clone?.id]);
  });

  test("whose job the array says has failed is resumed with a new one", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api: "dgs", op: "CloneSnapshot", action: "job-failed" });
    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "failed", error: { code: "REMOTE_FAULT" } });
    const rest = await bench.run(await bench.app.engine.resumePlan(run.runId, bench.actor));
    expect(rest.state).toBe("succeeded");
    expect(assignedTo(await bench.control.state())[0]?.name).toContain(run.runId.slice(-6));
  });

  test("that powered its VMs off and unregistered none is resumed: nobody stops any for it now", async () => {
    await bench.reset("clone-assigned");
    await bench.control.faults({ api: "vim", op: "UnregisterVM", times: 99, action: "fault:NoPermission" });
    const run = await bench.prep("automated_testing");
    expect(run).toMatchObject({ state: "failed" });
    expect(run.steps.find(({ kind }) => kind === "power_off")).toMatchObject({ state: "done" });
    await bench.control.clearFaults();
    const rest = await bench.app.engine.resumePlan(run.runId, bench.actor);
    expect(rest.steps.some(({ kind }) => kind === "power_off")).toBe(false);
    expect(await bench.run(rest)).toMatchObject({ state: "succeeded" });
  });

  test("that failed before another one came on that LUN is not resumed", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "fault:HostConfigFault" });
    const failed = await bench.run(plan);
    expect(failed.state).toBe("failed");
    await bench.prep("automated_testing");
    await refusal(bench.app.engine.resumePlan(failed.runId, bench.actor), "PLAN_OBSOLETE");
    await refusal(bench.app.engine.resumePlan("run_unknown", bench.actor), "RUN_UNKNOWN");
  });

  test("that failed with its clone made says so among its leftovers", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api: "dgs", op: "CreateAssignment", action: "job-failed" });
    const run = await bench.run(plan);
    expect(run.state).toBe("failed");
    const state = await bench.control.state();
    const made = state.volumes.find((one) => one.name.endsWith(run.runId.slice(-6)));
    expect(run.report?.volume?.id).toBe(made?.id);
    expect(run.report?.leftovers.join("\n")).toContain(made?.id);
  });

  test("is not resumed on other systems than it was made on", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "fault:HostConfigFault" });
    const failed = await bench.run(plan);
    const { engine } = await assemble(bench, {
      systems: (real) => (override) => {
        const systems = real(override);
        return {
          ...systems,
          endpoints: { ...systems.endpoints, vcenter: "another.example" },
          read: () => systems.read(),
        };
      },
    });
    await refusal(engine.resumePlan(failed.runId, bench.actor), "PLAN_OBSOLETE");
  });

  test("finds the world changed between its redemption and its first step, and does nothing", async () => {
    let pending = "";
    const { engine } = await assemble(bench, {
      launch: async (runId) => {
        pending = runId;
      },
    });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const queued = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    expect(queued).toMatchObject({ runId: pending, state: "queued" });
    await bench.control.touch("power-on");
    const run = await bench.app.engine.executeRun(pending, new AbortController().signal);
    expect(run).toMatchObject({ state: "failed", error: { code: "STALE_PLAN" } });
    expect(states(run)).toEqual(run.steps.map(() => "pending"));
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  test("is carried out once, however many runners are started for it, and none of them spoils its record", async () => {
    let pending = "";
    const { engine } = await assemble(bench, {
      launch: async (runId) => {
        pending = runId;
      },
    });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    const { signal } = new AbortController();
    const others = await Promise.all([bench.another(), bench.another()]);
    // One that comes when the run has been begun leaves it to the other at once.
    await Promise.all([bench.app, ...others].map((app) => app.engine.executeRun(pending, signal)));
    expect(await bench.app.engine.getRun(pending)).toMatchObject({ state: "succeeded" });
    const clones = (await bench.control.state()).mutations.filter((one) => one.op === "CloneSnapshot");
    expect(clones).toHaveLength(1);
    const begun = (await bench.app.engine.readAudit({ runId: pending, limit: 500 })).rows;
    expect(begun.filter((row) => row.type === "run_started")).toHaveLength(1);
  });

  test("is what a second confirm gets that meets it in the moment it comes to be", async () => {
    const plan = await bench.plan("automated_testing");
    const gate = gateAtUnmount();
    const first = await assemble(bench, gate);
    let looks = 0;
    const second = await assemble(bench, {
      store: (real) =>
        storeWith(real, {
          // The first to ask for the locks is just about to redeem the plan…
          tryLock: async (names) => {
            if (looks > 0) return real.tryLock(names);
            looks = 1;
            return undefined;
          },
          // …and has done so when the second, which saw the plan open, looks for runs.
          read: async (work) => {
            if (looks === 1 || looks === 2) looks += 1;
            if (looks === 3) {
              looks = 4;
              await first.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
            }
            return real.read(work);
          },
        }),
    });
    const run = await second.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    expect(looks).toBe(4);
    expect(run.runId).toBe((await bench.app.engine.getPlan(plan.planId)).runId);
    gate.open();
    expect(await first.engine.getRun(run.runId, { waitMs: 25_000 })).toMatchObject({ state: "succeeded" });
  });

  test("whose runner never comes up is interrupted after a minute, and can be resumed", async () => {
    let shift = 0;
    const { engine } = await assemble(bench, {
      anotherStore: "nobody",
      shiftMs: () => shift,
      launch: async () => undefined,
    });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    expect(await engine.getRun(runId)).toMatchObject({ state: "queued" });
    shift = 61_000;
    expect(await engine.getRun(runId)).toMatchObject({ state: "interrupted" });
    expect((await engine.resumePlan(runId, bench.actor)).steps).toHaveLength(plan.steps.length);
    // One that comes up after all finds that it is not wanted any more.
    expect(await engine.executeRun(runId, new AbortController().signal)).toMatchObject({ state: "interrupted" });
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  test("stops between steps when it is told to end, and says so", async () => {
    const plan = await bench.plan("automated_testing");
    const gate = gateAtUnmount();
    const { engine } = await assemble(bench, gate);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    await gate.reached;
    const closed = engine.close();
    gate.open();
    await closed;
    const run = await bench.app.engine.getRun(runId);
    expect(run.state).toBe("interrupted");
    expect(states(run)).not.toContain("unknown");
    expect(run.steps.find((step) => step.kind === "unmount")?.state).toBe("done");
    expect((await bench.run(await bench.app.engine.resumePlan(runId, bench.actor))).state).toBe("succeeded");
  });

  test("whose runner ends before it has begun is failed at once, and says so", async () => {
    const why = new PrepError("INTERNAL", "It ended.", { hint: "See the log." });
    const { engine } = await assemble(bench, { launch: async (_runId, ended) => ended(why) });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const run = await engine.confirm(plan.planToken ?? "", bench.actor);
    expect(run).toMatchObject({ state: "failed", error: { message: "It ended." } });
    // Nothing is held.
    const again = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    expect(await engine.confirm(again.planToken ?? "", bench.actor)).toMatchObject({ state: "failed" });
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  test.each(["here", "in a process of its own"])(
    "that nothing of can be written is told at once, and ends as failed when there is room again: %s",
    async (where) => {
      let full = false;
      const why = new PrepError("INTERNAL", "It ended.", { hint: "See the log." });
      const { engine } = await assemble(bench, {
        anotherStore: `full-${where.length}`,
        store: (real) =>
          storeWith(real, {
            write: async (work) => {
              if (full) throw new PrepError("AUDIT_UNWRITABLE", "The disk is full.", { hint: "Make room." });
              const result = await real.write(work);
              full = (await real.read((tx) => tx.runs({ limit: 1, states: ["queued"] }))).length > 0;
              return result;
            },
          }),
        ...(where === "here" ? {} : { launch: async (_runId, ended) => ended(why) }),
      });
      const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
      await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "AUDIT_UNWRITABLE");
      full = false;
      const { runId = "" } = await engine.getPlan(plan.planId);
      expect(await engine.getRun(runId)).toMatchObject({ state: "failed" });
      expect((await bench.control.state()).mutations).toEqual([]);
    },
  );

  test("does nothing where its runner cannot be started, and the answer says so", async () => {
    const { engine } = await assemble(bench, {
      launch: () => Promise.reject(new PrepError("INTERNAL", "no process", { hint: "Look at the limits." })),
    });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "INTERNAL");
    expect((await bench.control.state()).mutations).toEqual([]);
    expect(await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 })).toMatchObject({ state: "failed" });
  });
});
