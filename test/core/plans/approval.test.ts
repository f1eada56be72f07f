/** Who has to say yes, on which channel, and that everything else fails closed and leaves the plan open. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ApprovalAnswer, Engine } from "../../../src/core/engine.ts";
import type { PlanRecord } from "../../../src/core/records.ts";
import { type Bench, GOLD, refusal, withEngine } from "../../support/engine.ts";
import { allModes, asked, assemble, standingClock, storeWith, tamper } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});
beforeEach(async () => {
  for (const { planId } of await bench.app.engine.listPlans({ principal: bench.actor.principal }))
    await bench.app.engine.discardPlan({ planId }, bench.actor);
  await bench.control.reset({ scenario: "clone-assigned" });
});

const MINUTE = 60_000;
const YES: ApprovalAnswer = { kind: "accept", approve: true };
const planWith = (engine: Engine, mode: PlanRecord["mode"] = "unregister"): Promise<PlanRecord> =>
  engine.plan(mode, { lun: "Gold" }, bench.actor);
const expectOpen = async (plan: PlanRecord): Promise<void> => {
  expect((await bench.app.engine.getPlan(plan.planId)).state).toBe("open");
  expect((await bench.control.state()).mutations).toEqual([]);
};
const lastOf = async (planId: string, type: string) =>
  (await bench.app.engine.readAudit({ planId, limit: 1_000 })).rows.findLast((row) => row.type === type);

describe("policy prompt", () => {
  let shift = 0;
  const prompting = () => assemble(bench, { approval: { policies: allModes("prompt") }, shiftMs: () => shift });
  /** Longer than anybody needs to read the question. */
  const read = (): void => {
    shift += 1_000;
  };

  test("asks with the command and the impact, and runs after a yes that the audit tells of", async () => {
    const { engine } = await prompting();
    const plan = await planWith(engine);
    const token = plan.planToken ?? "";
    const question = await asked(engine.confirm(token, bench.actor, { canAsk: true }));
    expect(question.plan).toMatchObject({ planId: plan.planId, request: plan.request, impact: plan.impact });
    expect(question.plan.planToken).toBeUndefined();
    await expectOpen(plan);
    const answered = { challenge: question.challenge, answer: YES };
    const run = await engine.confirm(token, bench.actor, { canAsk: true, answered });
    expect(run.state).toBe("succeeded");
    expect((await lastOf(plan.planId, "plan_redeemed"))?.data).toMatchObject({
      policy: "prompt",
      approvedBy: bench.actor.principal,
      approvedChannel: "prompt:mcp",
    });
  });

  test.each([
    ["a no", { kind: "decline" }, "DECLINED", "The operator said no."],
    ["a form sent back without the tick", { kind: "accept", approve: false }, "NOT_APPROVED", "was not ticked"],
    ["an empty form", { kind: "accept" }, "NOT_APPROVED", "was not ticked"],
    ["a form put away", { kind: "cancel" }, "NOT_APPROVED", "without an answer"],
  ] as const)(
    "%s runs nothing, leaves the plan open, and the next question may be answered yes",
    async (_what, no, code, told) => {
      const { engine } = await prompting();
      const plan = await planWith(engine);
      const token = plan.planToken ?? "";
      const first = await asked(engine.confirm(token, bench.actor, { canAsk: true }));
      read();
      const refused = await refusal(
        engine.confirm(token, bench.actor, { canAsk: true, answered: { challenge: first.challenge, answer: no } }),
        code,
      );
      expect(refused.message).toContain(told);
      expect(refused.next).toContainEqual({ kind: "approve", planId: plan.planId });
      await expectOpen(plan);
      expect((await lastOf(plan.planId, "plan_not_approved"))?.data).toMatchObject({ answer: no.kind, verdict: code });
      const second = await asked(engine.confirm(token, bench.actor, { canAsk: true }));
      const answered = { challenge: second.challenge, answer: YES };
      expect(await engine.confirm(token, bench.actor, { canAsk: true, answered })).toMatchObject({
        state: "succeeded",
      });
    },
  );

  test("a no or a form put away within half a second is the client's own, not the operator's", async () => {
    for (const kind of ["decline", "cancel"] as const) {
      const { engine } = await prompting();
      const plan = await planWith(engine);
      const { challenge } = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
      const answered = { challenge, answer: { kind } };
      // The machine's time goes on; the clock of this engine stands still.
      const stopped = await assemble(bench, {
        approval: { policies: allModes("prompt") },
        shiftMs: () => shift - MINUTE,
      });
      const refused = await refusal(
        stopped.engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true, answered }),
        "NOT_APPROVED",
      );
      expect(refused).toMatchObject({ retryable: false, message: expect.stringContaining("The client itself") });
      expect(refused.next).toEqual([{ kind: "approve", planId: plan.planId }]);
      await expectOpen(plan);
    }
  });

  test("an answer counts once: a second use of its challenge is none", async () => {
    const { engine } = await prompting();
    const plan = await planWith(engine);
    const { challenge } = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    const say = (answer: ApprovalAnswer) =>
      engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true, answered: { challenge, answer } });
    read();
    await refusal(say({ kind: "decline" }), "DECLINED");
    await refusal(say(YES), "NOT_APPROVED");
    await expectOpen(plan);
  });

  test("an answer to another plan's question counts for neither", async () => {
    const { engine } = await prompting();
    const [plan, other] = [await planWith(engine), await planWith(engine, "register")];
    const mine = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    await refusal(
      engine.confirm(other.planToken ?? "", bench.actor, {
        canAsk: true,
        answered: { challenge: mine.challenge, answer: YES },
      }),
      "NOT_APPROVED",
    );
    await refusal(
      engine.confirm(plan.planToken ?? "", bench.actor, { answered: { challenge: "ask_invented", answer: YES } }),
      "NOT_APPROVED",
    );
    await expectOpen(plan);
    await expectOpen(other);
  });

  test("an answer counts for as long as approval.answerWithin says, and comes too late after that", async () => {
    bench.changesWithoutPlans("reset");
    let shift = 0;
    const { engine } = await assemble(bench, {
      approval: { policies: allModes("prompt") },
      anotherStore: "late",
      shiftMs: () => shift,
    });
    const plan = await planWith(engine);
    const { challenge } = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    shift = 5 * MINUTE + 1_000;
    const answered = { challenge, answer: YES };
    const late = await refusal(
      engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true, answered }),
      "NOT_APPROVED",
    );
    expect(late.message).toContain("too late");
    expect((await bench.control.state()).mutations).toEqual([]);
    const again = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    shift += 4 * MINUTE;
    const inTime = { challenge: again.challenge, answer: YES };
    expect(await engine.confirm(plan.planToken ?? "", bench.actor, { answered: inTime })).toMatchObject({
      state: "succeeded",
    });
  });

  test("an answer that comes when the call is over approves the plan, and runs nothing by itself", async () => {
    const { engine } = await prompting();
    const plan = await planWith(engine);
    const token = plan.planToken ?? "";
    const { challenge } = await asked(engine.confirm(token, bench.actor, { canAsk: true }));
    read();
    await refusal(engine.takeAnswer(token, bench.actor, { challenge: "ask_invented", answer: YES }), "NOT_APPROVED");
    await refusal(
      engine.takeAnswer(token, { ...bench.actor, principal: "os:other@here" }, { challenge, answer: YES }),
      "WRONG_PRINCIPAL",
    );
    await engine.takeAnswer(token, bench.actor, { challenge, answer: YES });
    await refusal(engine.takeAnswer(token, bench.actor, { challenge, answer: { kind: "decline" } }), "NOT_APPROVED");
    await expectOpen(plan);
    expect((await lastOf(plan.planId, "plan_approved"))?.data).toMatchObject({ answer: "accept", verdict: "approved" });
    expect(await engine.confirm(token, bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test("a client that cannot ask is told the other way, and that way counts", async () => {
    const { engine } = await prompting();
    const plan = await planWith(engine);
    const refused = await refusal(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: false }), "NOT_APPROVED");
    expect(refused.message).toContain("Your client cannot ask the operator");
    expect(refused.next).toContainEqual({ kind: "approve", planId: plan.planId });
    await expectOpen(plan);
    await engine.approve(plan.planId, bench.app.actor("cli"));
    expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test("a rollback wants the LUN's name typed, and a tick is not enough", async () => {
    const { engine } = await prompting();
    const plan = await planWith(engine, "rollback");
    const answers: ApprovalAnswer[] = [
      YES,
      { kind: "accept", typedLun: "Gold" },
      { kind: "accept", typedLun: `${GOLD}-2` },
    ];
    for (const answer of answers) {
      const { challenge } = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
      await refusal(
        engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true, answered: { challenge, answer } }),
        "NOT_APPROVED",
      );
    }
    await expectOpen(plan);
    const { challenge } = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    const answered = { challenge, answer: { kind: "accept", typedLun: GOLD } as const };
    expect(await engine.confirm(plan.planToken ?? "", bench.actor, { answered })).toMatchObject({ state: "succeeded" });
  });

  test("the person's own answer is none where requester and approver must be two", async () => {
    const { engine } = await assemble(bench, {
      approval: { policies: allModes("prompt"), requesterIsNotApprover: true },
    });
    const plan = await planWith(engine);
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }), "NOT_APPROVED");
    await refusal(engine.approve(plan.planId, bench.app.actor("cli")), "FORBIDDEN");
    await expectOpen(plan);
    await engine.approve(plan.planId, { principal: "os:second@here", channel: "cli" });
    expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
    expect((await lastOf(plan.planId, "plan_redeemed"))?.data).toMatchObject({ approvedBy: "os:second@here" });
  });
});

describe("policy human", () => {
  const humans = (more: object = {}) => assemble(bench, { approval: { policies: allModes("human"), ...more } });

  test("a requester's own approval is none any more once the site wants two", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    await engine.approve(plan.planId, bench.app.actor("cli"));
    const stricter = await humans({ requesterIsNotApprover: true });
    await refusal(stricter.engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    await expectOpen(plan);
    expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test("wants the approval first, whatever the client can show or says was answered; after it, confirming runs", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    const token = plan.planToken ?? "";
    const answered = { challenge: "ask_0000000000000000", answer: YES };
    for (const options of [{}, { canAsk: true }, { canAsk: true, answered }]) {
      const refused = await refusal(engine.confirm(token, bench.actor, options), "NOT_APPROVED");
      expect(refused.message).toBe("A person has to approve this plan first.");
      expect(refused.next).toContainEqual({ kind: "approve", planId: plan.planId });
    }
    await expectOpen(plan);
    const approved = await engine.approve(plan.planId, bench.app.actor("cli"));
    expect(approved.approval.approvedBy).toBe(bench.actor.principal);
    await expectOpen(plan);
    expect(await engine.confirm(token, bench.actor)).toMatchObject({ state: "succeeded" });
    expect((await lastOf(plan.planId, "plan_redeemed"))?.data).toMatchObject({ approvedChannel: "cli" });
  });

  test.each(["mcp", "http", "runner"] as const)("cannot be satisfied on channel %s", async (channel) => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    await refusal(engine.approve(plan.planId, { ...bench.actor, channel }), "FORBIDDEN");
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    await expectOpen(plan);
  });

  test("--yes stands for a person only where the site says so", async () => {
    const denied = await humans({ cli: "deny" });
    const plan = await planWith(denied.engine);
    await refusal(denied.engine.approve(plan.planId, bench.app.actor("cli-unattended")), "NOT_APPROVED");
    await expectOpen(plan);
    const { engine } = await humans({ cli: "allow" });
    await engine.approve(plan.planId, bench.app.actor("cli-unattended"));
    await refusal(denied.engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    await expectOpen(plan);
    expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
    expect((await lastOf(plan.planId, "plan_approved"))?.channel).toBe("cli-unattended");
  });

  test("an answer that was given while the policy was prompt is not a person's approval", async () => {
    const prompting = await assemble(bench, { approval: { policies: allModes("prompt") } });
    const plan = await planWith(prompting.engine);
    const { challenge } = await asked(prompting.engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    await bench.control.touch("disconnect-host");
    const answered = { challenge, answer: YES };
    await refusal(prompting.engine.confirm(plan.planToken ?? "", bench.actor, { answered }), "UNREACHABLE");
    const { engine } = await humans();
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    // Nor does it stand in the way of one.
    const approved = await engine.approve(plan.planId, bench.app.actor("cli"));
    expect(approved.approval).toMatchObject({ channel: "cli" });
  });

  test("a rollback is approved by typing the LUN's name", async () => {
    const plan = await planWith(bench.app.engine, "rollback");
    expect(plan.approval.policy).toBe("human");
    await refusal(bench.app.engine.approve(plan.planId, bench.app.actor("cli")), "NOT_APPROVED");
    await refusal(bench.app.engine.approve(plan.planId, bench.app.actor("cli"), "Gold"), "NOT_APPROVED");
    await refusal(bench.app.engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    await expectOpen(plan);
    await bench.app.engine.approve(plan.planId, bench.app.actor("cli"), GOLD);
    expect(await bench.app.engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test.each([
    ["discarded", (engine: Engine, { planId }: PlanRecord) => engine.discardPlan({ planId }, bench.actor)],
    ["left until its time is up", async (_engine: Engine, { expiresAt }: PlanRecord) => Date.parse(expiresAt)],
  ])("is too late where the plan is %s while it is being given, and so is a no", async (_what, meanwhile) => {
    for (const say of [
      (by: Engine, planId: string) => by.approve(planId, bench.app.actor("cli")),
      (by: Engine, planId: string) => by.decline(planId, bench.app.actor("cli"), "no"),
    ]) {
      const { engine } = await humans();
      const plan = await planWith(engine);
      let shift = 0;
      let isFirst = true;
      const slow = await assemble(bench, {
        approval: { policies: allModes("human") },
        shiftMs: () => shift,
        store: (real) =>
          storeWith(real, {
            write: async (work) => {
              if (isFirst) {
                isFirst = false;
                const until = await meanwhile(engine, plan);
                if (typeof until === "number") shift = until - Date.now();
              }
              return real.write(work);
            },
          }),
      });
      const refused = await refusal(say(slow.engine, plan.planId), "PLAN_OBSOLETE");
      expect(refused).toMatchObject({ found: { planId: plan.planId }, next: [{ kind: "plan_again" }] });
      const { rows } = await bench.app.engine.readAudit({ planId: plan.planId, limit: 1_000 });
      expect(rows.map(({ type }) => type)).not.toContain("plan_approved");
      expect(rows.map(({ type }) => type)).not.toContain("plan_declined");
    }
  });

  test("a plan with nothing to do needs nobody", async () => {
    const { engine } = await humans();
    await bench.prep("register");
    const plan = await planWith(engine, "register");
    expect(plan.steps).toEqual([]);
    expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test("plans that are unknown, discarded or carried out cannot be approved", async () => {
    const { engine } = await humans();
    const cli = bench.app.actor("cli");
    await refusal(engine.approve("plan_unknown", cli), "PLAN_UNKNOWN");
    const discarded = await planWith(engine);
    await engine.discardPlan({ planId: discarded.planId }, bench.actor);
    await refusal(engine.approve(discarded.planId, cli), "PLAN_OBSOLETE");
    const done = await planWith(bench.app.engine);
    await bench.run(done);
    await refusal(engine.approve(done.planId, cli), "PLAN_OBSOLETE");
  });

  test("an approval is kept once: the second of two gets the plan as the first approved it", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    const [first, other] = [bench.app.actor("cli"), { ...bench.app.actor("cli"), principal: "os:other@elsewhere" }];
    await engine.approve(plan.planId, first);
    expect((await engine.approve(plan.planId, other)).approval.approvedBy).toBe(first.principal);
    const { rows } = await bench.app.engine.readAudit({ planId: plan.planId, limit: 1_000 });
    expect(rows.filter(({ type }) => type === "plan_approved")).toMatchObject([
      { actor: first.principal, data: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    ]);
  });

  test("whoever carried it out is told of its run", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    await engine.approve(plan.planId, bench.app.actor("cli"));
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor);
    for (const late of [
      () => engine.approve(plan.planId, bench.app.actor("cli")),
      () => engine.decline(plan.planId, bench.app.actor("cli"), "too late"),
    ]) {
      const refused = await refusal(late(), "PLAN_OBSOLETE");
      expect(refused).toMatchObject({ found: { planId: plan.planId, runId }, next: [{ kind: "show_run", runId }] });
    }
  });
});

describe("a person's no", () => {
  const humans = () => assemble(bench, { approval: { policies: allModes("human") } });

  test.each([
    ["not today", "not today", { reason: "not today" }],
    ["", "without a reason", {}],
  ])("ends the plan, and is told with its reason to whoever confirms it: %j", async (reason, told, kept) => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    const person = { ...bench.app.actor("cli"), principal: "os:careful@elsewhere" };
    expect(await engine.decline(plan.planId, person, reason)).toMatchObject({ state: "discarded" });
    expect(await engine.getPlan(plan.planId)).toMatchObject({ state: "discarded" });
    const { digest: _, ...data } = (await lastOf(plan.planId, "plan_declined"))?.data ?? {};
    expect(data).toEqual(kept);
    const refused = await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "DECLINED");
    expect(refused.message).toContain(told);
    expect((await bench.control.state()).mutations).toEqual([]);
    // Nor can it be undone by a yes, nor said again.
    await refusal(engine.approve(plan.planId, person), "DECLINED");
    await refusal(engine.decline(plan.planId, person, "again"), "DECLINED");
  });

  test.each(["mcp", "http", "runner"] as const)("is none on channel %s", async (channel) => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    const refused = await refusal(engine.decline(plan.planId, { ...bench.actor, channel }, "no"), "FORBIDDEN");
    expect(refused.next).toEqual([{ kind: "approve", planId: plan.planId }]);
    await expectOpen(plan);
  });
});

describe("a confirm that may wait for a person", () => {
  const humans = () => assemble(bench, { approval: { policies: allModes("human") } });

  test("carries out what is approved meanwhile", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    const confirming = engine.confirm(plan.planToken ?? "", bench.actor, { awaitApprovalMs: 20_000 });
    await engine.approve(plan.planId, bench.app.actor("cli"));
    expect(await confirming).toMatchObject({ state: "succeeded" });
  });

  test("is told at once of a no", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    const confirming = refusal(
      engine.confirm(plan.planToken ?? "", bench.actor, { awaitApprovalMs: 20_000 }),
      "DECLINED",
    );
    await engine.decline(plan.planId, bench.app.actor("cli"), "no");
    expect((await confirming).message).toMatch(/declined this plan: no$/);
  });

  test("looks each half second until its time is up, and not at all where it may not wait", async () => {
    const { clock, slept } = standingClock();
    const { engine } = await assemble(bench, { approval: { policies: allModes("human") }, clock });
    const plan = await planWith(engine);
    const confirm = (awaitApprovalMs?: number) =>
      refusal(
        engine.confirm(plan.planToken ?? "", bench.actor, awaitApprovalMs === undefined ? {} : { awaitApprovalMs }),
        "NOT_APPROVED",
      );
    await confirm();
    expect(slept).toEqual([]);
    await confirm(1_500);
    expect(slept).toEqual([500, 500, 500]);
    await expectOpen(plan);
  });

  test("waits no longer than it may, nor for one who has gone; the plan stays open", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor, { awaitApprovalMs: 50 }), "NOT_APPROVED");
    const gone = { awaitApprovalMs: 20_000, signal: AbortSignal.abort() };
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor, gone), "NOT_APPROVED");
    await expectOpen(plan);
  });
});

describe("who may approve what", () => {
  const person = "os:somebody@else";

  test.each([
    ["human", "cli", "deny", "approved"],
    ["human", "cli-unattended", "deny", "NOT_APPROVED"],
    ["human", "cli-unattended", "allow", "approved"],
    ["prompt", "cli", "deny", "approved"],
    ["prompt", "cli-unattended", "deny", "approved"],
    ["token", "cli-unattended", "deny", "approved"],
  ] as const)("policy %s on channel %s, where --yes is for a site to %s: %s", async (policy, channel, cli, outcome) => {
    const { engine } = await assemble(bench, { approval: { policies: allModes(policy), cli } });
    const plan = await planWith(engine);
    const approving = engine.approve(plan.planId, { principal: person, channel });
    if (outcome === "approved") {
      expect((await approving).approval).toMatchObject({ approvedBy: person, channel });
      expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
      expect((await lastOf(plan.planId, "plan_redeemed"))?.data).toMatchObject({
        approvedBy: person,
        approvedChannel: channel,
      });
    } else {
      const refused = await refusal(approving, outcome);
      expect(refused).toMatchObject({ found: { policy }, next: [{ kind: "approve", planId: plan.planId }] });
      await expectOpen(plan);
    }
  });

  test.each([
    ["token", "approved"],
    ["prompt", "FORBIDDEN"],
    ["human", "FORBIDDEN"],
  ] as const)(
    "whoever asked, where requester and approver must be two, under policy %s: %s",
    async (policy, outcome) => {
      const { engine } = await assemble(bench, {
        approval: { policies: allModes(policy), requesterIsNotApprover: true },
      });
      const plan = await planWith(engine);
      const approving = engine.approve(plan.planId, bench.app.actor("cli"));
      if (outcome === "approved") expect((await approving).approval).toMatchObject({ channel: "cli" });
      else await refusal(approving, outcome);
    },
  );
});

describe("an approval's record that somebody altered", () => {
  const humans = () => assemble(bench, { approval: { policies: allModes("human") } });

  test.each(["approvedAt", "approvedBy", "approvedChannel"])("is none without %s", async (column) => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    await engine.approve(plan.planId, bench.app.actor("cli"));
    await tamper(bench, `UPDATE plans SET "${column}" = NULL WHERE id = '${plan.planId}'`);
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    await expectOpen(plan);
  });

  test("stands in the way of nobody who approves it: that is written down as any other", async () => {
    const { engine } = await humans();
    const plan = await planWith(engine);
    await tamper(
      bench,
      `UPDATE plans SET "approvedBy" = 'os:boss@here', "approvedChannel" = 'cli', "approvedAt" = "createdAt" WHERE id = '${plan.planId}'`,
    );
    const refused = await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "STORE_UNUSABLE");
    expect(refused.next).toEqual([{ kind: "verify_audit" }, { kind: "plan_again" }]);
    const cli = bench.app.actor("cli");
    expect((await engine.approve(plan.planId, cli)).approval).toMatchObject({ approvedBy: cli.principal });
    expect(await engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test("or a question's: an answer to it is none", async () => {
    const { engine } = await assemble(bench, { approval: { policies: allModes("prompt") } });
    const plan = await planWith(engine);
    const { challenge } = await asked(engine.confirm(plan.planToken ?? "", bench.actor, { canAsk: true }));
    await tamper(bench, `UPDATE challenges SET principal = 'os:mallory@here' WHERE id = '${challenge}'`);
    const answered = { challenge, answer: YES };
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor, { answered }), "NOT_APPROVED");
    await expectOpen(plan);
  });
});

describe("policy token", () => {
  test("is enough by itself, and the audit says that it was all there was", async () => {
    const plan = await planWith(bench.app.engine);
    expect(await bench.app.engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
    expect((await lastOf(plan.planId, "plan_redeemed"))?.data).toMatchObject({
      policy: "token",
      approvedChannel: "token",
    });
  });

  test("runs nothing on another machine than the controller", async () => {
    const { engine } = await assemble(bench, { wrongController: "Changes are made on atvm-cypress-vm-1 only." });
    const plan = await planWith(engine);
    await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "WRONG_CONTROLLER");
    await expectOpen(plan);
  });
});
