/** The array's front end: the contract of `docs/dgs-api.yaml` over HTTPS. */
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import * as z from "zod";
import { type Listening, listen } from "../../http/listen.ts";
import { cut, hang } from "../../http/no-reply.ts";
import { endless, padded, trickled } from "../../http/unruly-body.ts";
import type { FaultAction } from "../../world/faults.ts";
import { ArrayProblem, type Credentials } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { bodyOf, type DgsCall, type Env, type HttpReply, Id, notFound, problemResponse, type Route } from "./http.ts";
import { DgsJobs } from "./jobs.ts";
import { readRoutes } from "./reads.ts";
import { DgsSessions } from "./sessions.ts";
import { writeRoutes } from "./writes.ts";

export interface DgsServer extends Listening {
  /** The operationIds that it has. */
  ops: readonly string[];
  /** How many are open. */
  sessions(): number;
  expireSessions(): void;
}

/** Starts the array on loopback. */
export async function startDgs(options: {
  world: World;
  credentials: Credentials;
  tls: { key: string; cert: string };
  port: number;
}): Promise<DgsServer> {
  const { world, credentials, tls, port } = options;
  const sessions = new DgsSessions(credentials);
  const jobs = new DgsJobs();
  let { generation } = world;
  const unsubscribe = world.onChange(() => {
    if (world.generation !== generation) jobs.clear();
    generation = world.generation;
  });
  const routes = [...sessionRoutes(sessions), ...readRoutes(world), ...writeRoutes(world, jobs)];
  const app = dgsApp({ world, credentials, sessions, jobs, routes });
  const listening = await listen({ fetch: app.fetch, tls, port });
  return {
    port: listening.port,
    ops: routes.map(({ op }) => op),
    sessions: () => sessions.count(),
    expireSessions: () => sessions.endAll(),
    async close() {
      unsubscribe();
      jobs.clear();
      await listening.close();
    },
  };
}

interface Parts {
  world: World;
  credentials: Credentials;
  sessions: DgsSessions;
  jobs: DgsJobs;
  routes: readonly Route[];
}

function dgsApp({ world, credentials, sessions, jobs, routes }: Parts): Hono<Env> {
  const app = new Hono<Env>().basePath("/api/v1");
  for (const route of routes) {
    app.on(route.method, route.path, async (call) => {
      const { generation } = world;
      const { cleared } = world.faults;
      const fault = world.faults.take("dgs", route.op);
      await pause(world.latency.dgs + (fault?.kind === "slow" ? fault.ms : 0));
      // What was asked of the world before a reset is not done to the one after it.
      if (world.generation !== generation) return cut(call.env);
      const mishap = await before(fault, call, { cleared, credentials });
      if (mishap !== undefined) return mishap;
      const reply = await answer(route, call, sessions, fault);
      return after(fault, call, { reply, cleared, jobs });
    });
  }
  app.notFound((call) => problemResponse(notFound(`There is no ${call.req.method} ${call.req.path} here.`)));
  app.onError((thrown) =>
    problemResponse(thrown instanceof ArrayProblem ? thrown : new ArrayProblem(500, "Internal error", thrown.message)),
  );
  return app;
}

async function answer(
  route: Route,
  call: DgsCall,
  sessions: DgsSessions,
  fault: FaultAction | undefined,
): Promise<HttpReply> {
  const token = /^Bearer (\S+)$/i.exec(call.req.header("authorization") ?? "")?.[1];
  if (fault?.kind === "expire-session") sessions.end(token);
  const user = route.op === "CreateSession" ? "" : sessions.userOf(token);
  if (user === undefined) throw new ArrayProblem(401, "Unauthorized", "There is no valid session: sign in first.");
  return route.handle(call, { op: route.op, user, token, fault });
}

function respond({ status, body, location }: HttpReply): Response {
  const headers: Record<string, string> = location === undefined ? {} : { location };
  return body === undefined ? new Response(null, { status, headers }) : Response.json(body, { status, headers });
}

/** What goes wrong before anything is done; undefined when the call goes through. */
async function before(
  fault: FaultAction | undefined,
  call: DgsCall,
  { cleared, credentials }: { cleared: AbortSignal; credentials: Credentials },
): Promise<Response | undefined> {
  switch (fault?.kind) {
    case "http500":
      return problemResponse(new ArrayProblem(500, "Internal error", "The array failed."));
    case "http503":
      return problemResponse(new ArrayProblem(503, "Unavailable", "The array is busy with itself."));
    case "fault":
      return problemResponse(
        new ArrayProblem(500, fault.fault, fault.localizedMessage ?? `The array failed with ${fault.fault}.`),
      );
    case "echo-secrets": {
      const { username, password } = credentials;
      const authorization = call.req.header("authorization") ?? "none";
      const detail = `The array failed for ${username}, password ${password}, authorization ${authorization}.`;
      return problemResponse(new ArrayProblem(500, "Internal error", detail));
    }
    case "garbage":
      return new Response("\u0001DGS-9000 bootloader> ", { headers: { "content-type": "application/json" } });
    case "reset":
      return cut(call.env);
    case "hang":
      return hang(call.env, cleared);
    case "slow":
    case "trickle":
    case "endless":
    case "huge":
    case "same-token":
    case "new-tokens":
    case "http500-after":
    case "reset-after":
    case "hang-after":
    case "expire-session":
    case "job-failed":
    case "task-error":
    case "result-fault":
    case undefined:
      return undefined;
    default:
      return fault satisfies never;
  }
}

/** How the reply to what is done comes, or does not. */
async function after(
  fault: FaultAction | undefined,
  call: DgsCall,
  { reply, cleared, jobs }: { reply: HttpReply; cleared: AbortSignal; jobs: DgsJobs },
): Promise<Response> {
  const text = JSON.stringify(reply.body ?? {});
  const line = { env: call.env, cleared };
  const unruly = (body: ReadableStream): Response =>
    new Response(body, { status: reply.status, headers: { "content-type": "application/json" } });
  switch (fault?.kind) {
    case "http500-after":
      await settled(reply, jobs);
      return problemResponse(new ArrayProblem(500, "Internal error", "The array failed."));
    case "reset-after":
      await settled(reply, jobs);
      return cut(call.env);
    case "hang-after":
      await settled(reply, jobs);
      return hang(call.env, cleared);
    case "trickle":
      return unruly(trickled(text, fault.ms, line));
    case "endless":
      return unruly(endless(text, line));
    case "huge":
      return unruly(padded({ opening: "", rest: text }, fault.bytes, line));
    default:
      return respond(reply);
  }
}

/** Once the change is made that a lost reply would have told of. */
async function settled({ jobId }: HttpReply, jobs: DgsJobs): Promise<void> {
  if (jobId !== undefined) await jobs.settled(jobId);
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms);
}

const SignIn = z.strictObject({ username: Id, password: z.string().min(1).max(1024) });

function sessionRoutes(sessions: DgsSessions): Route[] {
  return [
    {
      method: "POST",
      path: "/session",
      op: "CreateSession",
      async handle(call) {
        const { username, password } = await bodyOf(call, SignIn);
        const session = sessions.create(username, password);
        if (session === undefined) throw new ArrayProblem(401, "Unauthorized", "The user or the password is wrong.");
        return { status: 201, body: session };
      },
    },
    {
      method: "DELETE",
      path: "/session",
      op: "DeleteSession",
      handle(_call, { token }) {
        sessions.end(token);
        return { status: 204 };
      },
    },
  ];
}
