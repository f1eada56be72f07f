/** What a plan is bound to, and what becomes of it when the world moves on. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sha256 } from "../../../src/core/domain/canonical.ts";
import type { PrepError } from "../../../src/core/domain/errors.ts";
import { StalePlan } from "../../../src/core/plans/stale.ts";
import type { PlanRecord } from "../../../src/core/records.ts";
import { assignedTo, type Bench, goldOf, hostOf, refusal, snapshotsOf, withEngine } from "../../support/engine.ts";
import { assemble } from "../../support/parts.ts";

/** The plan that a stale one's refusal carries. */
const freshOf = (error: PrepError): PlanRecord | undefined => (error instanceof StalePlan ? error.plan : undefined);

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

const confirm = (token: string | undefined) => bench.app.engine.confirm(token ?? "", bench.actor, { waitMs: 25_000 });
const mutations = async () => (await bench.control.state()).mutations;
const rows = async (planId: string) => (await bench.app.engine.readAudit({ planId, limit: 1_000 })).rows;

describe("a plan's token", () => {
  test("is nowhere in the store, the audit or a later look at the plan; its hash is in the audit", async () => {
    const { store } = await assemble(bench);
    const plan = await bench.plan("automated_testing");
    const token = plan.planToken ?? "";
    expect(token).toMatch(/^pt_[A-Za-z0-9_-]{43}$/);
    const row = await store.read((tx) => tx.plan(plan.planId));
    expect(row?.tokenHash).toBe(sha256(token));
    const told = JSON.stringify([
      row,
      await bench.app.engine.getPlan(plan.planId),
      await bench.app.engine.listPlans(),
      await bench.app.engine.readAudit({ limit: 10_000 }),
    ]);
    expect(told).not.toContain(token);
    expect((await rows(plan.planId))[0]?.data).toMatchObject({ tokenHash: sha256(token) });
  });

  test("that is wrong, empty or of another shape is unknown, and the refusal is in the audit without it", async () => {
    const { planToken = "" } = await bench.plan("automated_testing");
    const wrong = `${planToken.slice(0, -1)}${planToken.endsWith("A") ? "B" : "A"}`;
    for (const token of [wrong, "", "pt_", `${planToken} `, planToken.slice(3)])
      await refusal(confirm(token), "PLAN_UNKNOWN");
    const [last] = (await bench.app.engine.readAudit({ limit: 5 })).rows.filter(
      (row) => row.data["tokenHash"] === sha256(wrong),
    );
    expect(last).toMatchObject({ type: "confirm_refused", data: { code: "PLAN_UNKNOWN" } });
    expect(JSON.stringify((await bench.app.engine.readAudit({ limit: 10_000 })).rows)).not.toContain(wrong);
    expect(await mutations()).toEqual([]);
  });

  test("of someone else is refused, and the audit names the plan", async () => {
    const plan = await bench.plan("automated_testing");
    const other = { ...bench.actor, principal: "os:mallory@elsewhere" };
    await refusal(bench.app.engine.discardPlan({ planId: plan.planId }, other), "WRONG_PRINCIPAL");
    await refusal(bench.app.engine.confirm(plan.planToken ?? "", other), "WRONG_PRINCIPAL");
    expect((await rows(plan.planId)).at(-1)).toMatchObject({
      type: "confirm_refused",
      actor: other.principal,
      data: { code: "WRONG_PRINCIPAL" },
    });
    expect(await mutations()).toEqual([]);
  });

  test("used again gives the run it started, whatever its state, and runs nothing", async () => {
    const plan = await bench.plan("automated_testing");
    const run = await bench.run(plan);
    const once = await mutations();
    const again = await confirm(plan.planToken);
    expect(again).toEqual(run);
    expect(await mutations()).toEqual(once);
    expect((await rows(plan.planId)).map((row) => row.type)).toContain("confirm_repeated");
    const failing = await bench.plan("automated_testing");
    await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "fault:HostConfigFault" });
    const failed = await bench.run(failing);
    expect(failed.state).toBe("failed");
    expect(await confirm(failing.planToken)).toEqual(failed);
  });

  test("of a discarded plan is obsolete", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.app.engine.discardPlan({ planToken: plan.planToken ?? "" }, bench.actor);
    await refusal(confirm(plan.planToken), "PLAN_OBSOLETE");
  });

  test("of a plan on the same client for another LUN still holds once another was carried out", async () => {
    const sameClient = await bench.plan("automated_testing", { lun: "Gold2" });
    await bench.prep("automated_testing");
    expect((await bench.app.engine.getPlan(sameClient.planId)).state).toBe("open");
    expect((await bench.run(sameClient)).state).toBe("succeeded");
    expect(assignedTo(await bench.control.state())).toHaveLength(2);
  });

  test("of a plan whose state another one changed is stale, with what is different and a fresh plan", async () => {
    const sameLun = await bench.plan("maintenance");
    await bench.prep("automated_testing");
    const stale = await refusal(confirm(sameLun.planToken), "STALE_PLAN");
    expect(JSON.stringify(stale.extra["diff"])).toContain("assigned volume changed");
  });
});

describe("a plan's deadline", () => {
  test("ends it, for confirming and for approving", async () => {
    let shift = 0;
    const { engine } = await assemble(bench, { shiftMs: () => shift });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    shift = Date.parse(plan.expiresAt) - Date.now();
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "PLAN_EXPIRED");
    await refusal(engine.approve(plan.planId, bench.app.actor("cli")), "PLAN_EXPIRED");
    expect((await engine.getPlan(plan.planId)).state).toBe("expired");
    expect(await engine.listPlans()).toEqual([]);
    expect(await mutations()).toEqual([]);
  });

  test("counts from the newest time in the store, so that a clock set back gains nothing", async () => {
    const anotherStore = "later";
    let shift = 0;
    const { engine } = await assemble(bench, { shiftMs: () => shift, anotherStore });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    shift = 3_600_000;
    await engine.listLuns(bench.actor);
    shift = -3_600_000;
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "PLAN_EXPIRED");
    expect(await mutations()).toEqual([]);
  });
});

describe("a plan whose world moved on", () => {
  test("is stale when a VM was powered on: the difference in plain words, a fresh plan with a token of its own", async () => {
    const plan = await bench.plan("automated_testing");
    const [vm] = await bench.control.touch("power-on");
    const name = (await bench.control.state()).vms.find((one) => one.id === vm)?.name;
    const stale = await refusal(confirm(plan.planToken), "STALE_PLAN");
    expect(stale.extra["diff"]).toEqual([`VM ${name} was powered on since`]);
    const { rows } = await bench.app.engine.readAudit({ planId: plan.planId, limit: 100 });
    expect(rows.find(({ type }) => type === "plan_stale")?.data).toEqual({ diff: stale.extra["diff"] });
    expect(stale.hint).toMatch(/^Nothing was changed\. A fresh plan took its place/);
    expect(stale.next).toEqual([]);
    expect(freshOf(stale)).toMatchObject({
      mode: "automated_testing",
      state: "open",
      request: plan.request,
    });
    expect(await mutations()).toEqual([]);
    const fresh = freshOf(stale) as typeof plan;
    expect(fresh.planToken).toMatch(/^pt_/);
    expect(fresh.planToken).not.toBe(plan.planToken);
    expect(fresh.impact.vmsToPowerOff.map((one) => one.moref)).toContain(vm);
    expect((await bench.run(fresh)).state).toBe("succeeded");
  });

  test("answers a repeat with the difference and the fresh plan's id, and no token", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.touch("power-on");
    const first = await refusal(confirm(plan.planToken), "STALE_PLAN");
    const again = await refusal(confirm(plan.planToken), "STALE_PLAN");
    expect(again.extra["diff"]).toEqual(first.extra["diff"]);
    expect(freshOf(again)).toBeUndefined();
    expect(again.found).toMatchObject({ freshPlanId: (freshOf(first) as typeof plan).planId });
    expect(JSON.stringify(again.toRecord())).not.toContain("pt_");
  });

  test("names the volume that was assigned and the one that is", async () => {
    const plan = await bench.plan("unregister");
    const before = assignedTo(await bench.control.state())[0];
    bench.changesWithoutPlans("reset");
    const { engine } = await assemble(bench, { anotherStore: "aside" });
    const other = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    expect((await engine.confirm(other.planToken ?? "", bench.actor)).state).toBe("succeeded");
    const after = assignedTo(await bench.control.state())[0];
    const stale = await refusal(confirm(plan.planToken), "STALE_PLAN");
    expect(stale.message).toContain(
      `the assigned volume changed from ${before?.name} (${before?.id}) to ${after?.name} (${after?.id})`,
    );
  });

  test("is stale when a volume of the same name took the volume's place", async () => {
    await bench.prep("automated_testing");
    const plan = await bench.plan("unregister");
    const name = assignedTo(await bench.control.state())[0]?.name ?? "";
    bench.changesWithoutPlans("reset");
    const { engine } = await assemble(bench, { anotherStore: "twin" });
    const other = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    const made = (await engine.confirm(other.planToken ?? "", bench.actor)).report?.volume?.id ?? "";
    await bench.control.touch("rename-volume", { lun: made, name });
    expect(assignedTo(await bench.control.state())[0]?.name).toBe(name);
    await refusal(confirm(plan.planToken), "STALE_PLAN");
  });

  test("is stale when a VM of the same name and path took the VM's place", async () => {
    const plan = await bench.plan("unregister");
    const before = await bench.control.state();
    const vm = before.vms.find((one) => one.powerState === "poweredOff" && !one.template);
    await bench.control.touch("unregister-vm", { vm: vm?.id ?? "" });
    await bench.control.touch("register-vm", { vm: vm?.name ?? "" });
    const twin = (await bench.control.state()).vms.find((one) => one.path === vm?.path);
    expect(twin).toMatchObject({ name: vm?.name });
    expect(twin?.id).not.toBe(vm?.id);
    await refusal(confirm(plan.planToken), "STALE_PLAN");
    expect(await mutations()).toEqual([]);
  });

  test("is not stale when a VM or the clone was only renamed", async () => {
    const plan = await bench.plan("automated_testing");
    const volume = assignedTo(await bench.control.state())[0];
    await bench.control.touch("rename-vm");
    await bench.control.touch("rename-volume", { lun: volume?.id ?? "" });
    expect(assignedTo(await bench.control.state())[0]?.name).not.toBe(volume?.name);
    const run = await confirm(plan.planToken);
    expect(run.state).toBe("succeeded");
  });

  test("is not stale for a newer snapshot, and takes the one that it names", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.touch("new-snapshot");
    expect(await confirm(plan.planToken)).toMatchObject({ state: "succeeded" });
    expect(assignedTo(await bench.control.state())[0]?.parentSnapshotId).toBe(plan.snapshot?.id);
  });

  test("is stale for a newer snapshot if it is a rollback, which would destroy it", async () => {
    const state0 = await bench.control.state();
    const plan = await bench.plan("rollback", { snapshot: snapshotsOf(state0, goldOf(state0).id)[0]?.name ?? "" });
    const [made] = await bench.control.touch("new-snapshot");
    const stale = await refusal(bench.run(plan), "STALE_PLAN");
    expect(plan.impact.snapshotsLost).toEqual([]);
    expect((freshOf(stale) as typeof plan).impact.snapshotsLost.map((one) => one.id)).toEqual([made]);
    const state = await bench.control.state();
    expect(snapshotsOf(state, goldOf(state).id)[0]?.id).toBe(made);
    expect(state.mutations).toEqual([]);
  });

  test("is not stale for what it neither relies on nor touches: another client's VMs, another LUN's clone", async () => {
    await bench.control.reset({ scenario: "two-hosts" });
    const plan = await bench.plan("automated_testing");
    await bench.control.touch("power-on", { host: "192.168.1.166" });
    await bench.control.touch("rename-volume", { lun: "AutomatedTest-VMBootImg-Gold-2", name: "renamed" });
    expect(await confirm(plan.planToken)).toMatchObject({ state: "succeeded" });
    expect(hostOf(await bench.control.state(), "192.168.1.166").mounts).toHaveLength(1);
  });

  test("that would be refused now is stale with the refusal, and has no fresh plan", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.touch("share-datastore");
    const stale = await refusal(confirm(plan.planToken), "STALE_PLAN");
    expect(stale.found).toMatchObject({ refusal: { code: "DATASTORE_SHARED", message: String(stale.extra["diff"]) } });
    expect(freshOf(stale)).toBeUndefined();
  });

  test("stays open while the world cannot be looked at", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.touch("disconnect-host");
    await refusal(confirm(plan.planToken), "UNREACHABLE");
    expect((await bench.app.engine.getPlan(plan.planId)).state).toBe("open");
  });
});

describe("a plan for what a run left", () => {
  const failed = async () => {
    await bench.control.faults({ api: "dgs", op: "CloneSnapshot", action: "job-failed" });
    const run = await bench.prep("automated_testing");
    expect(run).toMatchObject({ state: "failed" });
    return run;
  };

  test("that is stale is followed by a fresh one for the same: it carries the run on, with a job of its own", async () => {
    const first = await failed();
    const rest = await bench.app.engine.resumePlan(first.runId, bench.actor);
    await bench.control.touch("power-off");
    const fresh = freshOf(await refusal(confirm(rest.planToken), "STALE_PLAN"));
    expect(fresh).toMatchObject({ resumes: first.runId, steps: rest.steps });
    const run = await confirm(fresh?.planToken);
    expect(run).toMatchObject({ state: "succeeded", resumes: first.runId });
    expect(run.report?.volume?.name).toContain(first.runId.slice(-6));
    expect(await bench.app.engine.getRun(first.runId)).toMatchObject({ resumedBy: run.runId });
  });

  test("takes over what an earlier part of it made, also where a fresh one took its place", async () => {
    await bench.control.faults({ api: "dgs", op: "CreateAssignment", action: "job-failed" });
    const first = await bench.prep("automated_testing");
    const rest = await bench.app.engine.resumePlan(first.runId, bench.actor);
    await bench.control.touch("power-off");
    const fresh = freshOf(await refusal(confirm(rest.planToken), "STALE_PLAN"));
    const run = await confirm(fresh?.planToken);
    expect(run).toMatchObject({ state: "succeeded", report: { volume: { id: first.report?.volume?.id } } });
  });

  test("is one of two that carry it on: the second is told of the run that did", async () => {
    const { runId } = await failed();
    const [one, two] = [
      await bench.app.engine.resumePlan(runId, bench.actor),
      await bench.app.engine.resumePlan(runId, bench.actor),
    ];
    await bench.control.faults({ api: "dgs", op: "CloneSnapshot", action: "job-failed" });
    const done = await confirm(one.planToken);
    expect(done).toMatchObject({ state: "failed", resumes: runId });
    const refused = await refusal(confirm(two.planToken), "PLAN_OBSOLETE");
    expect(refused).toMatchObject({
      found: { planId: two.planId, runId: done.runId },
      next: [{ kind: "show_run", runId: done.runId }],
    });
  });

  test("is nothing any more once another run came there, though that changed nothing", async () => {
    const { runId } = await failed();
    const rest = await bench.app.engine.resumePlan(runId, bench.actor);
    const later = await bench.prep("register");
    const refused = await refusal(confirm(rest.planToken), "PLAN_OBSOLETE");
    expect(refused.found).toEqual({ planId: rest.planId, runId: later.runId });
  });
});

describe("open plans", () => {
  test("are limited for a principal; discarding one makes room; another principal has a count of its own", async () => {
    const { engine } = await assemble(bench, { openPlans: 2 });
    const plan = () => engine.plan("register", { lun: "Gold" }, bench.actor);
    const first = await plan();
    await plan();
    await refusal(plan(), "TOO_MANY_PLANS");
    await engine.plan("register", { lun: "Gold" }, { ...bench.actor, principal: "os:other@here" });
    await engine.discardPlan({ planId: first.planId }, bench.actor);
    await plan();
  });

  test("of a principal at its limit: one that is stale makes room for the fresh one", async () => {
    const { engine } = await assemble(bench, { openPlans: 1 });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    await bench.control.touch("power-on");
    const stale = await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "STALE_PLAN");
    expect(freshOf(stale)).toMatchObject({ state: "open" });
  });
});
