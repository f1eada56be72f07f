import { createServer } from "node:https";
import { pipeline } from "node:stream/promises";
import { generate } from "selfsigned";
import type { Logger } from "../../src/core/ports/runtime.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createVsphere, type Vsphere, type VsphereOptions } from "../../src/vsphere/vsphere.ts";

/** `returnval` elements as text, a typed fault, a bare HTTP answer, or no answer at all. */
export type Answer =
  | string
  | { readonly fault: string; readonly message?: string; readonly inside?: string }
  | { readonly status: number; readonly type: string; readonly body: string | AsyncIterable<string | Uint8Array> }
  | "hang"
  | "reset";

export interface Request {
  readonly operation: string;
  readonly xml: string;
  readonly cookie: string | undefined;
  readonly action: string | undefined;
  /** Tells one connection from another. */
  readonly socket: number | undefined;
}

/** What one operation answers, by the how-manieth call of it (from 1). */
export type Script = Record<string, (xml: string, nth: number) => Answer | Promise<Answer>>;

export interface FakeVcenter {
  readonly port: number;
  readonly requests: Request[];
  /** Operations in the order in which they came. */
  operations(): string[];
  close(): Promise<void>;
}

const SIGNED_IN: Script = {
  RetrieveServiceContent: () =>
    `<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">pc</propertyCollector>
     <viewManager type="ViewManager">vm</viewManager><about><name>fake</name></about>
     <sessionManager type="SessionManager">sm</sessionManager><searchIndex type="SearchIndex">si</searchIndex></returnval>`,
  Login: () => "<returnval><key>k</key><userName>u</userName></returnval>",
  Logout: () => "",
};

/** A vCenter that says what a test tells it to: for what the lab, being correct, never says. */
export async function startFakeVcenter(
  script: Script,
  versions?: string | AsyncIterable<string>,
): Promise<FakeVcenter> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keyType: "ec" });
  const answers: Script = { ...SIGNED_IN, ...script };
  const requests: Request[] = [];
  const server = createServer({ key, cert }, async (incoming, outgoing) => {
    if (incoming.method === "GET") {
      outgoing.writeHead(versions === undefined ? 404 : 200, { "content-type": "text/xml" });
      if (typeof versions !== "object") outgoing.end(versions ?? "");
      else await pipeline(versions, outgoing).catch(() => undefined);
      return;
    }
    let xml = "";
    for await (const piece of incoming) xml += piece;
    const operation = /<[\w-]+:Body><(?:[\w-]+:)?(\w+)/.exec(xml)?.[1] ?? "";
    requests.push({
      operation,
      xml,
      cookie: incoming.headers.cookie,
      action: header(incoming.headers["soapaction"]),
      socket: incoming.socket.remotePort,
    });
    const nth = requests.filter((each) => each.operation === operation).length;
    const answer = (await answers[operation]?.(xml, nth)) ?? { fault: "MethodNotFound" };
    if (answer === "hang") return;
    if (answer === "reset") {
      incoming.socket.destroy();
      return;
    }
    if (typeof answer === "object" && "status" in answer) {
      outgoing.writeHead(answer.status, { "content-type": answer.type });
      if (typeof answer.body === "string") outgoing.end(answer.body);
      // A client that has heard enough hangs up.
      else await pipeline(answer.body, outgoing).catch(() => undefined);
      return;
    }
    const cookie =
      operation === "Login" ? { "set-cookie": 'vmware_soap_session="abc-1"; Path=/; HttpOnly; Secure' } : {};
    outgoing.writeHead(typeof answer === "string" ? 200 : 500, {
      "content-type": "text/xml; charset=utf-8",
      ...cookie,
    });
    outgoing.end(envelope(typeof answer === "string" ? response(operation, answer) : faultXml(answer)));
  });
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    requests,
    operations: () => requests.map((each) => each.operation),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const envelope = (body: string): string =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>${body}</s:Body></s:Envelope>`;

const response = (operation: string, inside: string): string =>
  `<${operation}Response xmlns="urn:vim25">${inside}</${operation}Response>`;

const faultXml = ({ fault, message, inside }: { fault: string; message?: string; inside?: string }): string =>
  `<s:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${message ?? ""}</faultstring><detail><${fault}Fault xmlns="urn:vim25" xsi:type="${fault}">${inside ?? ""}</${fault}Fault></detail></s:Fault>`;

/** An `ObjectContent`: values are given as whole `val` elements. */
export const object = (type: string, id: string, values: Record<string, string>, missing = ""): string =>
  `<objects><obj type="${type}">${id}</obj>${Object.entries(values)
    .map(([name, val]) => `<propSet><name>${name}</name>${val}</propSet>`)
    .join("")}${missing}</objects>`;

export const string = (value: string): string => `<val xsi:type="xsd:string">${value}</val>`;
const boolean = (value: boolean): string => `<val xsi:type="xsd:boolean">${value}</val>`;
export const refs = (type: string, ...ids: string[]): string =>
  `<val xsi:type="ArrayOfManagedObjectReference">${ids.map((id) => `<ManagedObjectReference type="${type}" xsi:type="ManagedObjectReference">${id}</ManagedObjectReference>`).join("")}</val>`;
const ref = (type: string, id: string): string => `<val type="${type}" xsi:type="ManagedObjectReference">${id}</val>`;

/** A VM as `vmsOn` reads one; `extra` overrides single properties. */
export const vmObject = (id: string, extra: Record<string, string> = {}, missing = ""): string =>
  object(
    "VirtualMachine",
    id,
    {
      name: string(id),
      datastore: refs("Datastore", "datastore-1"),
      "runtime.connectionState": string("connected"),
      "runtime.host": ref("HostSystem", "host-1"),
      "runtime.powerState": string("poweredOff"),
      "summary.config.template": boolean(false),
      "summary.config.vmPathName": string(`[gold] ${id}/${id}.vmx`),
      ...extra,
    },
    missing,
  );

export interface LogLine {
  readonly level: string;
  readonly data: object;
  readonly message: string;
}

/** Keeps what was logged. */
export function recordingLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (data: object, message: string): void => {
      lines.push({ level, data, message });
    };
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

export const PASSWORD = "canary-Passw0rd<&>";

/** An adapter for a vCenter on this machine, with short time limits unless told otherwise. */
export const connect = (port: number, options: Partial<VsphereOptions> = {}): Vsphere =>
  createVsphere({
    address: `localhost:${port}`,
    username: "administrator@vsphere.local",
    password: () => PASSWORD,
    tls: { insecure: true },
    timeouts: { connect: 5000, call: 5000, storage: 5000, task: 20_000 },
    limits: { powerOff: 16, unregister: 8, register: 8 },
    clock: systemClock,
    log: recordingLog().log,
    ...options,
  });
