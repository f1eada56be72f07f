import { once } from "node:events";
import { Agent, request } from "undici";
import { afterEach } from "vitest";
import { type Certificate, makeCertificate } from "../../../src/lab/http/certificate.ts";
import { startVcenter, type VcenterServer } from "../../../src/lab/vcenter/server/server.ts";
import { escapeXml, parseXml, type XmlElement, XSI } from "../../../src/lab/vcenter/wire/xml.ts";
import { type Latency, NO_LATENCY } from "../../../src/lab/world/latency.ts";
import type { ScenarioOptions } from "../../../src/lab/world/scenarios.ts";
import { World } from "../../../src/lab/world/world.ts";

let certificate: Promise<Certificate> | undefined;
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

export const CREDENTIALS = { username: "tester@lab.test", password: "<correct> & horse" };

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A vCenter in front of a world, and a hand-made SOAP client of it. Closed after the test. */
export interface TestVcenter {
  readonly world: World;
  readonly server: VcenterServer;
  /** Signed in, unless `signIn: false`. */
  readonly soap: SoapClient;
  /** A client without a session. */
  stranger(): SoapClient;
}

export async function startVim(
  options: Partial<ScenarioOptions> & { latency?: Partial<Latency>; signIn?: boolean } = {},
): Promise<TestVcenter> {
  certificate ??= makeCertificate();
  const tls = await certificate;
  const { latency, signIn = true, ...scenario } = options;
  const world = new World({
    scenario: { scenario: "clone-assigned", ...scenario },
    latency: { ...NO_LATENCY, ...latency },
  });
  const server = await startVcenter({ world, credentials: CREDENTIALS, tls, port: 0 });
  const agent = new Agent({ connect: { ca: tls.cert } });
  open.push(server, { close: () => agent.destroy() });
  const stranger = (): SoapClient => new SoapClient(`https://127.0.0.1:${server.port}`, agent);
  const soap = stranger();
  if (signIn) await soap.signIn();
  return { world, server, soap, stranger };
}

/** Says just what it is told: no schema, no help. */
export class SoapClient {
  readonly #url: string;
  readonly #agent: Agent;
  cookie: string | undefined;

  constructor(url: string, agent: Agent) {
    this.#url = url;
    this.#agent = agent;
  }

  async signIn(): Promise<void> {
    const { username, password } = CREDENTIALS;
    const reply = await this.call(
      "Login",
      `${self("SessionManager", "SessionManager")}<userName>${username}</userName><password>${escapeXml(password)}</password>`,
    );
    if (reply.fault !== undefined) throw new Error(`no sign-in: ${reply.fault.message}`);
    this.cookie = String(reply.headers["set-cookie"]).split(";")[0];
  }

  async http(
    method: "GET" | "POST",
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const {
      statusCode,
      headers: got,
      body: stream,
    } = await request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { ...(this.cookie === undefined ? {} : { cookie: this.cookie }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: statusCode, headers: got, text: await stream.text() };
  }

  /** `inner` is the XML of the parameters, `_this` included, in the default namespace `urn:vim25`. */
  async call(method: string, inner: string): Promise<SoapReply> {
    const body = `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="${XSI}"><e:Body><${method} xmlns="urn:vim25">${inner}</${method}></e:Body></e:Envelope>`;
    const reply = await this.http("POST", "/sdk", body, {
      soapaction: '"urn:vim25/8.0.1.0"',
      "content-type": "text/xml",
    });
    return new SoapReply(reply);
  }
}

/** A reply that must be SOAP. */
export class SoapReply {
  readonly headers: Reply["headers"];
  readonly status: number;
  readonly body: XmlElement;

  constructor({ status, headers, text }: Reply) {
    this.status = status;
    this.headers = headers;
    const body = parseXml(text).children[0]?.children[0];
    if (body === undefined) throw new Error(`no SOAP body: ${text}`);
    this.body = body;
  }

  get fault(): { type: string; code: string; message: string; detail: XmlElement } | undefined {
    if (this.body.name !== "Fault") return undefined;
    const detail = child(this.body, "detail").children[0];
    if (detail === undefined) throw new Error("a fault without detail");
    return {
      type: detail.attributes.get(`{${XSI}}type`) ?? "",
      code: child(this.body, "faultcode").text,
      message: child(this.body, "faultstring").text,
      detail,
    };
  }

  /** All `returnval` elements; throws on a fault. */
  get values(): XmlElement[] {
    if (this.fault !== undefined) throw new Error(`${this.fault.type}: ${this.fault.message}`);
    return this.body.children.filter((one) => one.name === "returnval");
  }

  /** The one `returnval`. */
  get value(): XmlElement {
    const [first] = this.values;
    if (first === undefined) throw new Error("no returnval");
    return first;
  }
}

/** The first child on each step of a dotted path. */
export function child(element: XmlElement, path: string): XmlElement {
  let at = element;
  for (const name of path.split(".")) {
    const next = at.children.find((one) => one.name === name);
    if (next === undefined) throw new Error(`no ${path} in ${element.name}`);
    at = next;
  }
  return at;
}

export const texts = (element: XmlElement, path: string): string[] => {
  const [first = "", ...rest] = path.split(".");
  const here = element.children.filter((one) => one.name === first);
  return rest.length === 0 ? here.map((one) => one.text) : here.flatMap((one) => texts(one, rest.join(".")));
};

export const typeOf = (element: XmlElement): string | undefined => element.attributes.get(`{${XSI}}type`);

export const self = (type: string, id: string): string => `<_this type="${type}">${escapeXml(id)}</_this>`;

export const COLLECTOR = self("PropertyCollector", "propertyCollector");

/** `specSet` (or another element) for one object's own properties. */
export function specOf(
  start: { type: string; id: string },
  properties: Readonly<Record<string, readonly string[]>>,
  options: { tag?: string; select?: string; skip?: boolean; reportMissing?: boolean } = {},
): string {
  const { tag = "specSet", select = "", skip = false, reportMissing } = options;
  const propSet = Object.entries(properties).map(
    ([type, paths]) =>
      `<propSet><type>${type}</type>${paths[0] === "*" ? "<all>true</all>" : paths.map((path) => `<pathSet>${path}</pathSet>`).join("")}</propSet>`,
  );
  const report =
    reportMissing === undefined
      ? ""
      : `<reportMissingObjectsInResults>${reportMissing}</reportMissingObjectsInResults>`;
  return `<${tag}>${propSet.join("")}<objectSet><obj type="${start.type}">${start.id}</obj><skip>${skip}</skip>${select}</objectSet>${report}</${tag}>`;
}

export const ROOT = { type: "Folder", id: "group-d1" };

/** From the root through folders of any depth to VMs and hosts. */
export const WHOLE_TREE = `<selectSet xsi:type="TraversalSpec"><name>folder</name><type>Folder</type><path>childEntity</path><selectSet><name>folder</name></selectSet><selectSet><name>vms</name></selectSet><selectSet xsi:type="TraversalSpec"><type>Datacenter</type><path>hostFolder</path><selectSet><name>folder</name></selectSet></selectSet><selectSet xsi:type="TraversalSpec"><type>ComputeResource</type><path>host</path></selectSet></selectSet><selectSet xsi:type="TraversalSpec"><name>vms</name><type>Datacenter</type><path>vmFolder</path><selectSet><name>folder</name></selectSet></selectSet>`;

/** `name → value element` of one `ObjectContent`. */
export function propertiesOf(content: XmlElement): Map<string, XmlElement> {
  return new Map(
    content.children.filter((one) => one.name === "propSet").map((one) => [child(one, "name").text, child(one, "val")]),
  );
}

/** Waits for a task the way clients do, and returns its `info`. */
export async function taskInfo(soap: SoapClient, task: XmlElement): Promise<XmlElement> {
  const made = await soap.call("CreatePropertyCollector", COLLECTOR);
  const collector = self("PropertyCollector", made.value.text);
  await soap.call(
    "CreateFilter",
    `${collector}${specOf({ type: "Task", id: task.text }, { Task: ["info"] }, { tag: "spec" })}<partialUpdates>false</partialUpdates>`,
  );
  for (let version = ""; ; ) {
    const { value } = await soap.call("WaitForUpdatesEx", `${collector}<version>${version}</version>`);
    version = child(value, "version").text;
    const info = child(value, "filterSet.objectSet.changeSet.val");
    if (["success", "error"].includes(child(info, "state").text)) {
      await soap.call("DestroyPropertyCollector", collector);
      return info;
    }
  }
}

/** Resolves after the next change of the world. */
export async function nextChange(world: World): Promise<void> {
  const target = new EventTarget();
  const off = world.onChange(() => target.dispatchEvent(new Event("change")));
  await once(target, "change");
  off();
}
