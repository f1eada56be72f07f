import { Agent, request } from "undici";
import { afterEach } from "vitest";
import { z } from "zod";
import { type OntapServer, startOntap } from "../../../../src/lab/arrays/ontap/server.ts";
import { ontapStyle } from "../../../../src/lab/arrays/ontap/style.ts";
import { type Certificate, makeCertificate } from "../../../../src/lab/http/certificate.ts";
import type { ScenarioName } from "../../../../src/lab/world/scenarios.ts";
import { World } from "../../../../src/lab/world/world.ts";

let certificate: Promise<Certificate> | undefined;
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

interface Sent {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  json?: unknown;
  headers?: Record<string, string>;
}

const Link = z.looseObject({ href: z.string() });
const Record = z.looseObject({ uuid: z.string().default(""), name: z.string().default("") });
/** What tests look at. */
const Body = z.looseObject({
  records: z.array(Record).default([]),
  _links: z.looseObject({ next: Link.optional() }).default({}),
  job: z.looseObject({ uuid: z.string() }).default({ uuid: "" }),
  error: z.looseObject({ code: z.unknown() }).optional(),
  state: z.string().default(""),
});

export interface TestOntap {
  world: World;
  server: OntapServer;
  /** Signed in; the body as it came. */
  call(path: string, sent?: Sent): Promise<Answer>;
  /** The end of a job that `call` was answered with. */
  jobOf(answer: Answer): Promise<z.output<typeof Body>>;
}

interface Answer {
  status: number;
  body: z.output<typeof Body>;
}

export const CREDENTIALS = { username: "vsadmin", password: "correct horse" };
export const TOKEN = "an-oauth-token";
export const basic = ({ username, password } = CREDENTIALS): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** An ONTAP in front of a world. Closed after the test. */
export async function startArray(
  options: { scenario?: ScenarioName; doubts?: string; version?: string } = {},
): Promise<TestOntap> {
  const { scenario = "empty", ...more } = options;
  certificate ??= makeCertificate();
  const tls = await certificate;
  const world = new World({ scenario: { scenario }, style: ontapStyle });
  const server = await startOntap({ world, credentials: CREDENTIALS, token: TOKEN, tls, port: 0, ...more });
  const dispatcher = new Agent({ connect: { ca: tls.cert } });
  open.push(server, dispatcher);
  const call: TestOntap["call"] = async (path, { method = "GET", json, headers = {} } = {}) => {
    const answer = await request(`https://127.0.0.1:${server.port}${path.startsWith("/api") ? path : `/api${path}`}`, {
      dispatcher,
      method,
      headers: { accept: "application/json", authorization: basic(), ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    return { status: answer.statusCode, body: Body.parse(await answer.body.json()) };
  };
  const jobOf: TestOntap["jobOf"] = async ({ body }) => {
    for (;;) {
      const { body: job } = await call(`/cluster/jobs/${body.job.uuid}`);
      if (job.state !== "queued" && job.state !== "running") return job;
    }
  };
  return { world, server, call, jobOf };
}
