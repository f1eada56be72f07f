/** What people, assistants and the world do to two servers on one store; each checks its answer against the model. */
import type fc from "fast-check";
import { expect } from "vitest";
import { z } from "zod";
import type { Message, Wire } from "../fuzz/wire.ts";
import type { Death } from "../support/mortal.ts";
import { type Client, type Model, type ModelMode, type PlanNote, TOOL_OF } from "./model.ts";

export interface Real {
  /** Two processes' servers. */
  readonly servers: readonly [Wire, Wire];
  setClock(minutes: number): void;
  /** Something of the client's that its plans go by is changed; false where there is nothing to change. */
  touch(client: Client): Promise<boolean>;
  /** Confirms in a process that dies at that change; the run's id where it had begun, and whether it died. */
  confirmAndDie(token: string, death: Death): Promise<{ readonly died: boolean; readonly answer?: Answer }>;
  check(model: Model): Promise<void>;
}

export const Answer = z.looseObject({
  planId: z.string().optional(),
  planToken: z.string().optional(),
  runId: z.string().optional(),
  state: z.string().optional(),
  error: z.looseObject({ code: z.string() }).optional(),
});
export type Answer = z.infer<typeof Answer>;

async function call(wire: Wire, name: string, args: object): Promise<Answer> {
  const message: Message = await wire.ask("tools/call", { name, arguments: args });
  return z.looseObject({ result: z.looseObject({ structuredContent: Answer }) }).parse(message).result
    .structuredContent;
}

/** Confirms, and follows the run to its end. */
async function carryOut(wire: Wire, planToken: string): Promise<Answer> {
  let answer = await call(wire, "confirm_plan", { planToken });
  while (answer.state === "queued" || answer.state === "running")
    answer = await call(wire, "get_run", { runId: answer.runId, waitSeconds: 20 });
  return answer;
}

const outcomeOf = ({ error, state }: Answer): string | undefined => error?.code ?? state;

/** What a confirm of it answers; the model is told of the confirm itself. */
function expected(model: Model, plan: PlanNote): string {
  if (plan.state === "redeemed") return plan.ended ?? "";
  if (plan.state === "stale") return "STALE_PLAN";
  if (plan.state === "discarded") return "PLAN_OBSOLETE";
  if (model.isExpired(plan)) return "PLAN_EXPIRED";
  // The state is looked at before anything is written.
  if (model.isStale(plan)) return "STALE_PLAN";
  return model.closesOpenPlans ? "PLAN_OBSOLETE" : "succeeded";
}

function judge(model: Model, plan: PlanNote, answer: Answer, wanted: string): void {
  const outcome = outcomeOf(answer);
  expect({ plan, outcome }).toEqual({ plan, outcome: wanted });
  // It is closed, and says so whenever it is asked; a fresh plan may have taken its place.
  if (outcome === "STALE_PLAN" && plan.state === "open") plan.state = "stale";
  if (outcome === "succeeded" && plan.state === "open") model.carriedOut(plan, outcome);
}

type Command = fc.AsyncCommand<Model, Real>;
/** Any plan, and as often one that is open. */
function pick({ plans }: Model, at: number): PlanNote | undefined {
  const open = plans.filter(({ state }) => state === "open");
  const among = at % 2 === 0 && open.length > 0 ? open : plans;
  return among[Math.floor(at / 2) % Math.max(among.length, 1)];
}

const step = (
  name: string,
  can: (model: Readonly<Model>) => boolean,
  act: (model: Model, real: Real) => Promise<void>,
): Command => ({
  check: can,
  run: async (model, real) => {
    await act(model, real);
    await real.check(model);
  },
  toString: () => name,
});

const always = (): boolean => true;

export type Server = 0 | 1;

export const makePlan = (server: Server, mode: ModelMode, client: Client): Command =>
  step(`plan(${server}, ${mode}, ${client})`, always, async (model, { servers }) => {
    const answer = await call(servers[server], TOOL_OF[mode], { lun: "Gold", client });
    model.written();
    const refusals = model.refusalOf(mode, client);
    if (refusals.length > 0) {
      expect(refusals).toContain(answer.error?.code);
      return;
    }
    expect(answer.error).toBeUndefined();
    model.plans.push({
      id: answer.planId ?? "",
      token: answer.planToken ?? "",
      mode,
      client,
      facts: model.factsOf(mode, client),
      madeMin: model.nowMin,
      state: "open",
    });
  });

const onPlan = (name: string, at: number, act: (plan: PlanNote, model: Model, real: Real) => Promise<void>): Command =>
  step(
    name,
    ({ plans }) => plans.length > 0,
    async (model, real) => {
      const plan = pick(model, at);
      if (plan !== undefined) await act(plan, model, real);
    },
  );

export const confirm = (server: Server, at: number): Command =>
  onPlan(`confirm(${server}, ${at})`, at, async (plan, model, { servers }) => {
    const wanted = expected(model, plan);
    model.written();
    judge(model, plan, await carryOut(servers[server], plan.token), wanted);
  });

export const discard = (server: Server, at: number): Command =>
  onPlan(`discard(${server}, ${at})`, at, async (plan, model, { servers }) => {
    await call(servers[server], "discard_plan", { planId: plan.id });
    model.written();
    if (plan.state === "open") plan.state = "discarded";
  });

/** Both at once, one in each process. */
export const confirmBoth = (first: number, second: number): Command =>
  step(
    `confirmBoth(${first}, ${second})`,
    ({ plans }) => plans.length > 1,
    async (model, { servers }) => {
      const both = ([first, second] as const).flatMap((at, server) => {
        const plan = pick(model, at);
        return plan === undefined ? [] : [{ plan, wanted: expected(model, plan), wire: servers[server === 0 ? 0 : 1] }];
      });
      model.written();
      const answered = await Promise.all(
        both.map(async ({ plan, wanted, wire }) => {
          const answer = await carryOut(wire, plan.token);
          return { plan, wanted, outcome: outcomeOf(answer) ?? "" };
        }),
      );
      const anyDone = answered.some(({ outcome }) => outcome === "succeeded");
      for (const { plan, wanted, outcome } of answered) {
        // What the other one did first, or is doing.
        const changed = wanted === "succeeded" ? ["STALE_PLAN", "VOLUME_IN_USE"] : [];
        const others = anyDone ? ["LOCKED", ...changed] : [];
        expect({ plan, outcome, others }).toEqual({ plan, outcome: expect.toBeOneOf([wanted, ...others]), others });
        if (outcome === "STALE_PLAN" && plan.state === "open") plan.state = "stale";
      }
      for (const { plan, outcome } of answered)
        if (outcome === "succeeded" && plan.state === "open") model.carriedOut(plan, outcome);
    },
  );

/** Stopped as it has begun; what is left of it is planned, and carried out by the other process. */
export const cancelAndResume = (server: Server, at: number): Command =>
  onPlan(`cancelAndResume(${server}, ${at})`, at, async (plan, model, { servers }) => {
    const wanted = expected(model, plan);
    model.written();
    const wire = servers[server];
    const confirming = carryOut(wire, plan.token);
    if (plan.state !== "open" || wanted !== "succeeded") {
      judge(model, plan, await confirming, wanted);
      return;
    }
    const run = await runOf(wire, plan);
    await call(wire, "cancel_run", { runId: run.runId });
    const ended = outcomeOf(await confirming) ?? "";
    expect(ended).toBeOneOf(["succeeded", "cancelled"]);
    if (ended === "cancelled") await resume(servers[server === 0 ? 1 : 0], run.runId);
    model.carriedOut(plan, ended);
  });

export const crashAndResume = (server: Server, at: number, death: Death): Command =>
  onPlan(`crash(${server}, ${at}, ${death.when} ${death.nth})`, at, async (plan, model, real) => {
    const wanted = expected(model, plan);
    model.written();
    const { died, answer } = await real.confirmAndDie(plan.token, death);
    if (!died) {
      judge(model, plan, answer ?? {}, wanted);
      return;
    }
    expect(wanted).toBe("succeeded");
    const run = await runOf(real.servers[server], plan);
    expect(run.state).toBeOneOf(["interrupted", "succeeded"]);
    if (run.state === "interrupted") await resume(real.servers[server], run.runId);
    model.carriedOut(plan, run.state);
  });

const Runs = z.looseObject({
  runs: z.array(z.looseObject({ runId: z.string(), planId: z.string(), state: z.string() })),
});

/** The plan's run, as soon as there is one. */
async function runOf(wire: Wire, plan: PlanNote): Promise<{ readonly runId: string; readonly state: string }> {
  for (;;) {
    const { runs } = Runs.parse(await call(wire, "list_runs", {}));
    const run = runs.find(({ planId }) => planId === plan.id);
    if (run !== undefined) return run;
  }
}

async function resume(wire: Wire, runId: string): Promise<void> {
  const rest = await call(wire, "resume_run", { runId });
  expect(rest.error).toBeUndefined();
  const run = await carryOut(wire, z.string().parse(rest.planToken));
  expect(outcomeOf(run)).toBe("succeeded");
}

export const touch = (client: Client): Command =>
  step(
    `touch(${client})`,
    ({ holds }) => holds[client] !== "nothing",
    async (model, real) => {
      if (await real.touch(client)) model.touches[client] += 1;
    },
  );

export const stepClock = (minutes: number): Command =>
  step(`clock(${minutes})`, always, async (model, real) => {
    model.clockMin += minutes;
    real.setClock(model.clockMin);
  });
