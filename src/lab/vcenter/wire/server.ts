/** The lab's vCenter on the wire: HTTPS on loopback, `/sdk`, sessions by cookie, and the faults that tests ask for. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { hold } from "../../http/hold.ts";
import type { Credentials, FaultAction, LabWorld } from "../../world/model.ts";
import { methodNames } from "../schema/schema.ts";
import { serviceVersionsXml } from "../service/about.ts";
import { Vcenter } from "../service/vcenter.ts";
import { type Answer, answer, answerXml, type Caller, type Request, readRequest } from "./dispatch.ts";
import { faultXml } from "./fault-xml.ts";
import { asSoapFault, injectedFault, type SoapFault } from "./faults.ts";
import { Ref } from "./value.ts";

export interface VcenterOptions {
  readonly world: LabWorld;
  readonly credentials: Credentials;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** 0 takes a free one. */
  readonly port: number;
}

export interface VcenterServer {
  readonly port: number;
  /** The vim25 methods that it has. */
  readonly ops: readonly string[];
  close(): Promise<void>;
  /** Ends all sessions, as a restart of the service would. */
  expireSessions(): void;
}

const MAX_BODY = 16 * 1024 * 1024;

export async function startVcenter(options: VcenterOptions): Promise<VcenterServer> {
  const vcenter = new Vcenter(options.world, options.credentials);
  const server = createServer({ ...options.tls, keepAliveTimeout: 60_000 }, (request, response) => {
    serve(vcenter, request, response).catch(() => request.socket.destroy());
  });
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the lab's vCenter has no port");
  return {
    port: address.port,
    ops: methodNames(),
    close: async () => {
      vcenter.close();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    expireSessions: () => vcenter.sessions.endAll(),
  };
}

async function serve(vcenter: Vcenter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").split("?")[0];
  if (request.method === "GET" && path === "/sdk/vimServiceVersions.xml") {
    send(response, 200, serviceVersionsXml());
  } else if (path !== "/sdk" && path !== "/sdk/" && path !== "/sdk/vimService") {
    send(response, 404, "<html><body>Not found</body></html>", "text/html");
  } else if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    send(response, 405, "<html><body>POST a SOAP request</body></html>", "text/html");
  } else {
    await serveCall(vcenter, request, response);
  }
}

function send(response: ServerResponse, status: number, body: string, type = "text/xml; charset=utf-8"): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-cache",
  });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError("a request body of bytes is expected");
    size += chunk.length;
    if (size > MAX_BODY) throw new RangeError("the request body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function serveCall(vcenter: Vcenter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  try {
    const action = request.headers["soapaction"];
    const call = readRequest(body, typeof action === "string" ? action : undefined);
    const { cleared } = vcenter.world.faults;
    const fault = vcenter.world.faults.take("vim", call.method.name);
    const caller = callerOf(vcenter, request, response, gone.signal);
    await perform(vcenter, { call, caller, fault, cleared }, request, response);
  } catch (error) {
    sendFault(vcenter, response, error);
  }
}

function sendFault(vcenter: Vcenter, response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  let fault: SoapFault;
  try {
    fault = asSoapFault(error, (id) => vcenter.inventory.refOf(id));
  } catch (bug) {
    fault = injectedFault("SystemError");
    fault.message = `A general system error occurred: ${bug instanceof Error ? bug.message : String(bug)}`;
  }
  send(response, 500, faultXml(fault));
}

const COOKIE = "vmware_soap_session";

function sessionKeyOf(request: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|;\\s*)${COOKIE}="?([^";]+)"?`).exec(request.headers.cookie ?? "")?.[1];
}

function callerOf(vcenter: Vcenter, request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Caller {
  return {
    session: vcenter.sessions.get(sessionKeyOf(request)),
    client: { address: request.socket.remoteAddress ?? "", agent: request.headers["user-agent"] ?? "" },
    gone,
    signedIn: (session) => response.setHeader("set-cookie", `${COOKIE}="${session.key}"; Path=/; HttpOnly; Secure`),
  };
}

interface Performance {
  readonly call: Request;
  readonly caller: Caller;
  readonly fault: FaultAction | undefined;
  readonly cleared: AbortSignal;
}

/** Does the call, with what is to go wrong before and after it. */
async function perform(
  vcenter: Vcenter,
  { call, caller, fault, cleared }: Performance,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { world } = vcenter;
  const { generation } = world;
  const wait = world.latency.vim + (fault?.kind === "slow" ? fault.ms : 0);
  if (wait > 0) await delay(wait);
  // What was asked of the world before a reset is not done to the one after it.
  if (world.generation !== generation) {
    request.socket.destroy();
    return;
  }
  switch (fault?.kind) {
    case "reset":
      request.socket.destroy();
      return;
    case "hang":
      await hold(request.socket, cleared);
      return;
    case "http500":
      send(response, 500, "<html><body>Internal Server Error</body></html>", "text/html");
      return;
    case "http503":
      send(response, 503, "<html><body>Service Unavailable</body></html>", "text/html");
      return;
    case "garbage":
      send(response, 200, "\u0001 %% neither XML nor JSON <<<", "text/xml; charset=utf-8");
      return;
    case "fault":
      throw injectedFault(fault.fault);
    case "task-error":
      if (!call.method.name.endsWith("_Task")) throw injectedFault(fault.fault);
      break;
    case "expire-session":
      if (caller.session !== undefined) vcenter.sessions.end(caller.session);
      await reply(vcenter, call, { ...caller, session: undefined }, fault, response);
      return;
    case "reset-after":
    case "hang-after":
      await completely(vcenter, call, caller);
      if (fault.kind === "reset-after") request.socket.destroy();
      else await hold(request.socket, cleared);
      return;
    case "slow":
    case "job-failed":
    case undefined:
      break;
  }
  await reply(vcenter, call, caller, fault, response);
}

async function reply(
  vcenter: Vcenter,
  call: Request,
  caller: Caller,
  fault: FaultAction | undefined,
  response: ServerResponse,
): Promise<void> {
  const answered: Answer = await answer(vcenter, call, caller, fault);
  if (!response.destroyed) send(response, 200, answerXml(answered));
}

/** The call with all its effects, a task's too; nobody will hear of a refusal. */
async function completely(vcenter: Vcenter, call: Request, caller: Caller): Promise<void> {
  try {
    const { value } = await answer(vcenter, call, caller, undefined);
    if (value instanceof Ref && value.type === "Task") await vcenter.tasks.ended(value.id);
  } catch (error) {
    asSoapFault(error, (id) => vcenter.inventory.refOf(id));
  }
}
