import { Hono } from "hono";
import * as z from "zod";
import { parseJson } from "../http/json.ts";
import { type Listening, listen } from "../http/listen.ts";
import { FAULT_ACTIONS, parseFaultAction } from "../world/faults.ts";
import { parseLag } from "../world/lag.ts";
import { parseLatency } from "../world/latency.ts";
import { ArrayProblem, VimFault } from "../world/model.ts";
import { LIMITS, SCENARIOS, type ScenarioOptions } from "../world/scenarios.ts";
import { Touch, TouchError } from "../world/touches/targets.ts";
import { touchWorld } from "../world/touches/touch.ts";
import type { World } from "../world/world.ts";
import { type KnownOps, unknownOp } from "./known-ops.ts";
import { stateView } from "./state-view.ts";

const count = z.int().min(1);

const Word = z.string().min(1).max(8_000);

const Fault = z.strictObject({
  api: z.enum(["dgs", "vim", "*"]),
  op: z.string().min(1).max(200),
  nth: count.optional(),
  times: count.optional(),
  /** What a fault that is thrown says. */
  localizedMessage: Word.optional(),
  faultMessage: z.array(z.strictObject({ key: Word, message: Word.optional() })).optional(),
  faultCause: z.strictObject({ fault: Word, localizedMessage: Word.optional() }).optional(),
  action: z.string().transform((text, context) => {
    const action = parseFaultAction(text);
    if (action !== undefined) return action;
    context.issues.push({
      code: "custom",
      input: text,
      message: `is no action; these are: ${FAULT_ACTIONS.join(", ")}`,
    });
    return z.NEVER;
  }),
});

const Reset = z.strictObject({
  scenario: z.enum(SCENARIOS).optional(),
  vms: z.int().min(0).max(LIMITS.vms).optional(),
  running: z.int().min(0).max(LIMITS.vms).optional(),
  clients: z.int().min(LIMITS.clients.least).max(LIMITS.clients.most).optional(),
  latency: z.string().optional(),
  lag: z.string().optional(),
});

class ControlError extends Error {}

/** The control interface: plain HTTP on loopback, for tests and rehearsals; no part of what the lab simulates. */
export async function startControl(options: {
  world: World;
  port: number;
  /** What a reset without a scenario of its own starts over with. */
  scenario: ScenarioOptions;
  /** What a fault can be set for. */
  ops: KnownOps;
  /** How many sessions are open on each system. */
  sessions: () => { dgs: number; vim: number };
}): Promise<Listening> {
  const { world, port, scenario, ops, sessions } = options;
  const app = new Hono();

  app.get("/state", (c) => c.json({ ...stateView(world), sessions: sessions(), calls: world.faults.calls() }));
  app.get("/calls", (c) => c.json(world.faults.calls()));
  app.post("/faults", async (c) => {
    const { action, localizedMessage, faultMessage, faultCause, ...fault } = read(Fault, await c.req.text());
    const problem = unknownOp(fault, ops);
    if (problem !== undefined) throw new ControlError(problem);
    const says = { localizedMessage, faultMessage, faultCause };
    if (!("fault" in action) && Object.values(says).some((value) => value !== undefined)) {
      throw new ControlError(`${action.kind} throws no fault that could say anything`);
    }
    world.faults.add({ ...fault, action: "fault" in action ? { ...action, ...says } : action });
    return c.json({});
  });
  app.delete("/faults", (c) => {
    world.faults.clear();
    return c.json({});
  });
  app.post("/reset", async (c) => {
    const { latency, lag, ...wanted } = read(Reset, (await c.req.text()) || "{}");
    const { vms, running, clients } = wanted;
    const next: ScenarioOptions = {
      ...(wanted.scenario === undefined ? scenario : { scenario: wanted.scenario }),
      ...(vms === undefined ? {} : { vms }),
      ...(running === undefined ? {} : { running }),
      ...(clients === undefined ? {} : { clients }),
      ...(lag === undefined ? scenarioLag(scenario) : { lag: parseLag(lag) }),
    };
    world.reset(next, latency === undefined ? undefined : parseLatency(latency));
    return c.json({ scenario: next.scenario });
  });
  app.post("/touch", async (c) => {
    const touch = read(Touch, await c.req.text());
    const changed = touchWorld(world.state, touch);
    world.announce();
    return c.json({ what: touch.what, changed });
  });

  app.notFound((c) => c.json({ error: `there is no ${c.req.method} ${c.req.path} here` }, 404));
  app.onError((thrown, c) => c.json({ error: thrown.message }, blamesCaller(thrown) ? 422 : 500));
  return listen({ fetch: app.fetch, port });
}

/** What was late from the start is so again, unless the reset says otherwise. */
const scenarioLag = ({ lag }: ScenarioOptions): Pick<ScenarioOptions, "lag"> => (lag === undefined ? {} : { lag });

const blamesCaller = (thrown: Error): boolean =>
  [ControlError, TouchError, RangeError, VimFault, ArrayProblem].some((kind) => thrown instanceof kind);

function read<S extends z.ZodType>(schema: S, text: string): z.infer<S> {
  const result = schema.safeParse(parseJson(text));
  if (!result.success) throw new ControlError(z.prettifyError(result.error));
  return result.data;
}
