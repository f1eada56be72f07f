/** The lab's vCenter on the wire: HTTPS on loopback, `/sdk`, sessions by cookie, and the faults that tests ask for. */
import { setTimeout as delay } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Bindings, type Listening, listen } from "../../http/listen.ts";
import { cut, hang } from "../../http/no-reply.ts";
import { endless, padded, trickled } from "../../http/unruly-body.ts";
import type { FaultAction } from "../../world/faults.ts";
import type { Credentials } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { methodNames } from "../schema/schema.ts";
import { serviceVersionsXml } from "../service/about.ts";
import { faultXml } from "../wire/fault-xml.ts";
import { asSoapFault, injectedFault, type SoapFault } from "../wire/faults.ts";
import { Ref } from "../wire/value.ts";
import { answer, answerXml, type Caller, type Request, readRequest } from "./dispatch.ts";
import { Vcenter } from "./vcenter.ts";

export interface VcenterServer extends Listening {
  /** The vim25 methods that it has. */
  readonly ops: readonly string[];
  /** How many are open. */
  sessions(): number;
  /** Ends all sessions, as a restart of the service would. */
  expireSessions(): void;
}

interface Env {
  Bindings: Bindings;
}
type HttpCall = Context<Env>;

const MAX_BODY = 16 * 1024 * 1024;

/**
 * How long vCenter keeps a connection that nothing goes over, by default (Broadcom's article 437860). Clients rely on it:
 * pyVmomi 6.7.1 uses a connection again for 900 s, and community.vmware waits 5 s between two looks, as long as Node keeps one.
 */
const IDLE_MS = 900_000;

/** Starts the vCenter on loopback; port 0 takes a free one. */
export async function startVcenter(options: {
  readonly world: World;
  readonly credentials: Credentials;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly port: number;
}): Promise<VcenterServer> {
  const { world, credentials, tls, port } = options;
  const vcenter = new Vcenter(world, credentials);
  const { fetch } = sdkApp(vcenter);
  const listening = await listen({ fetch, tls, port, keepAliveTimeout: IDLE_MS });
  return {
    port: listening.port,
    ops: methodNames(),
    sessions: () => vcenter.sessions.count(),
    expireSessions: () => vcenter.sessions.endAll(),
    async close() {
      vcenter.close();
      await listening.close();
    },
  };
}

function sdkApp(vcenter: Vcenter): Hono<Env> {
  const app = new Hono<Env>();
  app.get("/sdk/vimServiceVersions.xml", (http) => xml(http, 200, serviceVersionsXml()));
  for (const path of ["/sdk", "/sdk/", "/sdk/vimService"]) {
    app.post(path, bodyLimit({ maxSize: MAX_BODY }), (http) => serveCall(vcenter, http));
    app.all(path, (http) => http.html("<html><body>POST a SOAP request</body></html>", 405, { allow: "POST" }));
  }
  app.notFound((http) => http.html("<html><body>Not found</body></html>", 404));
  return app;
}

const xml = (http: HttpCall, status: 200 | 500, body: string): Response =>
  http.body(body, status, { "content-type": "text/xml; charset=utf-8", "cache-control": "no-cache" });

async function serveCall(vcenter: Vcenter, http: HttpCall): Promise<Response> {
  const body = await http.req.text();
  const gone = new AbortController();
  http.env.outgoing.on("close", () => gone.abort());
  try {
    const call = readRequest(body, http.req.header("soapaction"));
    const { cleared } = vcenter.world.faults;
    const fault = vcenter.world.faults.take("vim", call.method.name);
    const caller = callerOf(vcenter, http, gone.signal);
    return await perform(vcenter, { call, caller, fault, cleared }, http);
  } catch (error) {
    return soapFault(vcenter, http, error);
  }
}

function soapFault(vcenter: Vcenter, http: HttpCall, error: unknown): Response {
  let fault: SoapFault;
  try {
    fault = asSoapFault(error, (id) => vcenter.refOf(id));
  } catch (bug) {
    fault = injectedFault({
      fault: "SystemError",
      localizedMessage: `A general system error occurred: ${bug instanceof Error ? bug.message : String(bug)}`,
    });
  }
  return xml(http, 500, faultXml(fault));
}

const COOKIE = "vmware_soap_session";

const sessionKeyOf = (cookies: string | undefined): string | undefined =>
  new RegExp(`(?:^|;\\s*)${COOKIE}="?([^";]+)"?`).exec(cookies ?? "")?.[1];

function callerOf(vcenter: Vcenter, http: HttpCall, gone: AbortSignal): Caller {
  return {
    session: vcenter.sessions.get(sessionKeyOf(http.req.header("cookie"))),
    client: {
      address: http.env.incoming.socket.remoteAddress ?? "",
      agent: http.req.header("user-agent") ?? "",
    },
    gone,
    signedIn: (session) => http.header("set-cookie", `${COOKIE}="${session.key}"; Path=/; HttpOnly; Secure`),
  };
}

interface Performance {
  readonly call: Request;
  readonly caller: Caller;
  readonly fault: FaultAction | undefined;
  readonly cleared: AbortSignal;
}

/** Does the call, with what is to go wrong before and after it. */
async function perform(vcenter: Vcenter, performance: Performance, http: HttpCall): Promise<Response> {
  const { call, caller, fault, cleared } = performance;
  const { world } = vcenter;
  const { generation } = world;
  const wait = world.latency.vim + (fault?.kind === "slow" ? fault.ms : 0);
  if (wait > 0) await delay(wait);
  // What was asked of the world before a reset is not done to the one after it.
  if (world.generation !== generation) return cut(http.env);
  const line = { env: http.env, cleared };
  switch (fault?.kind) {
    case "reset":
      return cut(http.env);
    case "hang":
      return hang(http.env, cleared);
    case "http500":
      return failed(http);
    case "http503":
      return http.html("<html><body>Service Unavailable</body></html>", 503);
    case "garbage":
      return xml(http, 200, "\u0001 %% neither XML nor JSON <<<");
    case "fault":
      throw injectedFault(fault, targetOf(call));
    case "task-error":
    case "result-fault":
      if (!call.method.name.endsWith("_Task") && !givesResults(call)) throw injectedFault(fault, targetOf(call));
      return xml(http, 200, await reply(vcenter, performance));
    case "echo-secrets":
      throw withSecrets(vcenter, caller);
    case "expire-session":
      if (caller.session !== undefined) vcenter.sessions.end(caller.session);
      return xml(http, 200, await reply(vcenter, { ...performance, caller: { ...caller, session: undefined } }));
    case "http500-after":
      await completely(vcenter, call, caller);
      return failed(http);
    case "reset-after":
      await completely(vcenter, call, caller);
      return cut(http.env);
    case "hang-after":
      await completely(vcenter, call, caller);
      return hang(http.env, cleared);
    case "trickle":
      return streamed(http, trickled(await reply(vcenter, performance), fault.ms, line));
    case "endless":
      return streamed(http, endless(await reply(vcenter, performance), line));
    case "huge":
      return streamed(http, padded(afterDeclaration(await reply(vcenter, performance)), fault.bytes, line));
    case "same-token":
    case "new-tokens":
    case "slow":
    case "job-failed":
    case undefined:
      return xml(http, 200, await reply(vcenter, performance));
    default:
      return fault satisfies never;
  }
}

const failed = (http: HttpCall): Response => http.html("<html><body>Internal Server Error</body></html>", 500);

const streamed = (http: HttpCall, body: ReadableStream): Response =>
  http.body(body, 200, { "content-type": "text/xml; charset=utf-8" });

/** Nothing may stand before an XML declaration. */
function afterDeclaration(text: string): { opening: string; rest: string } {
  const end = text.indexOf("?>") + 2;
  return { opening: text.slice(0, end), rest: text.slice(end) };
}

/** Whether refusals of this method stand in its result. */
const givesResults = ({ method }: Request): boolean => method.result?.type.endsWith("ResolutionResult") === true;

/** The object that the call says it is made on. */
function targetOf({ element }: Request): Ref | undefined {
  const self = element.children.find(({ name }) => name === "_this");
  const type = self?.attributes.get("type");
  return self === undefined || type === undefined ? undefined : new Ref(type, self.text);
}

/** What a server says that tells in an error text what it was given. */
function withSecrets({ credentials }: Vcenter, { session }: Caller): SoapFault {
  const { username, password } = credentials;
  const message = `A general system error occurred: user ${username}, password ${password}, session ${session?.key ?? "none"}`;
  return injectedFault({
    fault: "SystemError",
    localizedMessage: message,
    faultMessage: [{ key: "lab.echo", message }],
  });
}

async function reply(vcenter: Vcenter, { call, caller, fault }: Performance): Promise<string> {
  return answerXml(await answer(vcenter, call, caller, fault));
}

/** The call with all its effects, a task's too; nobody will hear of a refusal. */
async function completely(vcenter: Vcenter, call: Request, caller: Caller): Promise<void> {
  try {
    const { value } = await answer(vcenter, call, caller, undefined);
    if (value instanceof Ref && value.type === "Task") await vcenter.tasks.ended(value.id);
  } catch (error) {
    asSoapFault(error, (id) => vcenter.refOf(id));
  }
}
