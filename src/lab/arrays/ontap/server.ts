/** The array's front end as an ONTAP: the REST interface of NetApp's clusters over HTTPS, as far as docs/lab.md says. */
import { timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bindings, type Listening, listen } from "../../http/listen.ts";
import { cut, hang } from "../../http/no-reply.ts";
import type { FaultAction } from "../../world/faults.ts";
import type { Credentials } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { parseBody } from "./body.ts";
import { type Doubts, parseDoubts } from "./doubts.ts";
import { notSignedIn, OntapRefusal, unexpectedArgument } from "./errors.ts";
import { OntapJobs } from "./jobs.ts";
import type { Call, Outcome, Route } from "./route.ts";
import { OPS, routesOf } from "./routes.ts";
import { type Collection, cheap, fieldsOf, filterOf, pageOf, type Row } from "./select.ts";
import { createStorage, type OntapStorage, SVM } from "./storage.ts";

export interface OntapServer extends Listening {
  /** What faults can be set for. */
  ops: readonly string[];
  /** There are none: each call signs in by itself. */
  sessions(): number;
  /** Names of the volumes in the recovery queue, for tests. */
  recoveryQueue(): readonly string[];
}

export interface OntapOptions {
  world: World;
  credentials: Credentials;
  /** An OAuth 2.0 access token that is taken as well, from 9.14 on. */
  token?: string;
  tls: { key: string; cert: string };
  port: number;
  /** As `parseDoubts` reads them. */
  doubts?: string;
  /** Such as 9.10; 9.14 when left out. */
  version?: string;
}

/** Starts the array on loopback. Throws `RangeError` for doubts or a version that cannot be read. */
export async function startOntap(options: OntapOptions): Promise<OntapServer> {
  const { world, tls, port } = options;
  const doubts = parseDoubts(options.doubts);
  const version = versionOf(options.version ?? "9.14");
  const jobs = new OntapJobs(doubts, () => world.state.ids.uuid());
  let storage: OntapStorage = createStorage(world);
  let { generation } = world;
  const unsubscribe = world.onChange(() => {
    if (world.generation === generation) return;
    generation = world.generation;
    storage = createStorage(world);
    jobs.clear();
  });
  const routes = routesOf(() => ({ world, jobs, doubts, version, storage }));
  const front = frontOf({ ...options, doubts, routes, jobs, tokens: version[1] >= 14 });
  const listening = await listen({ fetch: front, tls, port });
  return {
    port: listening.port,
    ops: OPS,
    sessions: () => 0,
    recoveryQueue: () => storage.recoveryQueue.map(({ name }) => name),
    async close() {
      unsubscribe();
      jobs.clear();
      await listening.close();
    },
  };
}

function versionOf(text: string): readonly [number, number] {
  const [, generation, major] = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(text) ?? [];
  if (major === undefined) throw new RangeError(`"${text}" is no version: write 9.14`);
  return [Number(generation), Number(major)];
}

interface Front extends Pick<OntapOptions, "world" | "credentials" | "token"> {
  doubts: Doubts;
  routes: readonly Route[];
  jobs: OntapJobs;
  /** Whether this release takes bearer tokens. */
  tokens: boolean;
}

const COMMON = /^(fields|max_records|return_records|return_timeout|order_by|ignore_unknown_fields|start\.index)$/;

function frontOf(front: Front): (request: Request, env: Bindings) => Promise<Response> {
  const { world, routes, jobs } = front;
  return async (request, env) => {
    const url = new URL(request.url);
    // Clients send doubled and trailing slashes, and they count for nothing.
    const path = url.pathname.replaceAll(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
    const on = routes.filter((candidate) => candidate.path.test(path));
    const route = on.find(({ method }) => method === request.method);
    if (route === undefined) {
      const refusal = new OntapRefusal(on.length > 0 ? 405 : 404, "3", "API not found");
      return Response.json(refusal.body, { status: refusal.status });
    }
    try {
      const body = parseBody(await request.text());
      const op = route.op({ query: url.searchParams, body });
      const { generation } = world;
      const { cleared } = world.faults;
      const fault = world.faults.take("dgs", op);
      await pause(world.latency.dgs + (fault?.kind === "slow" ? fault.ms : 0));
      // What was asked of the world before a reset is not done to the one after it.
      if (world.generation !== generation) return cut(env);
      const authorization = request.headers.get("authorization") ?? "none";
      const mishap = await before(fault, env, cleared, { ...front.credentials, authorization });
      if (mishap !== undefined) return mishap;
      const user = fault?.kind === "expire-session" ? undefined : userOf(front, request);
      if (user === undefined) throw notSignedIn();
      const params = (route.path.exec(path) ?? []).slice(1).map(decodeURIComponent);
      const fails = fault?.kind === "job-failed" || fault?.kind === "task-error";
      const call: Call = { query: url.searchParams, body, params, user, fails };
      if (route.method !== "GET") checkQuery(call, route);
      const outcome = route.handle(call);
      switch (fault?.kind) {
        case "reset-after":
        case "hang-after":
        case "http500-after": {
          if ("job" in outcome) await jobs.settled(outcome.job);
          if (fault.kind === "http500-after") throw nodeDown();
          return fault.kind === "reset-after" ? cut(env) : await hang(env, cleared);
        }
        default:
          return await answer(front, request, path, call, outcome);
      }
    } catch (thrown) {
      const refusal = thrown instanceof OntapRefusal ? thrown : new OntapRefusal(500, "1", String(thrown));
      return Response.json(refusal.body, { status: refusal.status });
    }
  };
}

function userOf({ credentials, token, tokens }: Front, request: Request): string | undefined {
  const [, scheme, secret = ""] = /^(Basic|Bearer) (\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (scheme?.toLowerCase() === "bearer") {
    return tokens && token !== undefined && same(secret, token) ? credentials.username : undefined;
  }
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return scheme !== undefined && same(secret, expected) ? credentials.username : undefined;
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function checkQuery({ query }: Call, route: Route): void {
  for (const name of query.keys()) {
    if (!COMMON.test(name) && route.query?.includes(name) !== true) throw unexpectedArgument(name);
  }
}

async function answer(
  { doubts, jobs }: Front,
  request: Request,
  path: string,
  call: Call,
  outcome: Outcome,
): Promise<Response> {
  const links = /hal\+json|\*\/\*/.test(request.headers.get("accept") ?? "*/*");
  const href = (to: string): Row => (links ? { _links: { self: { href: to } } } : {});
  if ("plain" in outcome) return Response.json({ ...outcome.plain, ...href(path) });
  if ("list" in outcome) {
    const scope = request.headers.get("x-dot-svm-name");
    const rows = scope === null || scope === SVM.name ? outcome.list.rows() : [];
    const found = rows.filter(filterOf(call.query, outcome.list.fields));
    const page = pageOf(found, { path, query: call.query }, doubts["first-page"] === "empty");
    const asked = fieldsOf(call.query, outcome.list);
    const records = page.rows.map((row) => ({
      ...asked(row),
      ...href(`${path}/${String(row["uuid"])}`),
    }));
    const next = page.next === undefined ? {} : { next: { href: page.next } };
    const _links = { ...(links ? { self: { href: path } } : {}), ...next };
    return Response.json({
      records,
      num_records: records.length,
      ...(Object.keys(_links).length > 0 ? { _links } : {}),
    });
  }
  if ("one" in outcome) {
    const wanted = new URLSearchParams(Object.entries(outcome.where));
    const row = outcome.one.rows().find(filterOf(wanted, outcome.one.fields));
    if (row === undefined) throw new OntapRefusal(Number(doubts["not-found"]), "4", "entry doesn't exist");
    return Response.json({ ...fieldsOf(wholeOf(call.query, outcome.one), outcome.one)(row), ...href(path) });
  }
  if ("done" in outcome) return Response.json(outcome.done, { status: outcome.status });
  const seconds = Number(call.query.get("return_timeout") ?? 0);
  const over = seconds > 0 && (await jobs.settled(outcome.job, Math.min(seconds, 120) * 1000));
  const failure = over ? jobs.failure(outcome.job) : undefined;
  if (failure !== undefined) throw failure;
  const records = call.query.get("return_records") === "true" ? outcome.records?.() : undefined;
  const self = `/api/cluster/jobs/${outcome.job}`;
  return Response.json(
    {
      job: { uuid: outcome.job, ...href(self) },
      ...(records === undefined ? {} : { num_records: records.length, records }),
    },
    { status: over ? outcome.status : 202 },
  );
}

/** A single object comes with everything cheap, unless fields are named. */
function wholeOf(query: URLSearchParams, collection: Collection): URLSearchParams {
  return query.has("fields") ? query : new URLSearchParams({ fields: cheap(collection).join(",") });
}

const nodeDown = (): OntapRefusal => new OntapRefusal(500, "393271", "A node in the cluster is down.");

/** What goes wrong before anything is done; undefined when the call goes through. `given` is what a peer might repeat. */
async function before(
  fault: FaultAction | undefined,
  env: Bindings,
  cleared: AbortSignal,
  given: { username: string; password: string; authorization: string },
): Promise<Response | undefined> {
  switch (fault?.kind) {
    case "http500":
      throw nodeDown();
    case "echo-secrets": {
      const { username, password, authorization } = given;
      throw new OntapRefusal(
        500,
        "393271",
        `A node failed for ${username}, password ${password}, authorization ${authorization}.`,
      );
    }
    case "http503":
      return new Response("<html>Service Unavailable</html>", {
        status: 503,
        headers: { "content-type": "text/html" },
      });
    case "fault":
      throw new OntapRefusal(
        500,
        /^\d+$/.test(fault.fault) ? fault.fault : "1",
        `The array failed with ${fault.fault}.`,
      );
    case "garbage":
      return new Response("\u0001LOADER-A> ", { headers: { "content-type": "application/json" } });
    case "reset":
      return cut(env);
    case "hang":
      return hang(env, cleared);
    case "slow":
    case "reset-after":
    case "hang-after":
    case "expire-session":
    case "job-failed":
    case "task-error":
    case "result-fault":
    case "http500-after":
    case "trickle":
    case "endless":
    case "huge":
    case "same-token":
    case "new-tokens":
    case undefined:
      return undefined;
    default:
      return fault satisfies never;
  }
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms);
}
