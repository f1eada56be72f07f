import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Agent, request } from "undici";
import { parse } from "yaml";
import { z } from "zod";

const Operation = z.looseObject({ operationId: z.string(), responses: z.record(z.string(), z.unknown()) });
const Contract = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

const document: unknown = parse(readFileSync(new URL("../../../../docs/dgs-api.yaml", import.meta.url), "utf8"));
const { paths } = Contract.parse(document);

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(z.looseObject({}).parse(document), "dgs");

export const operationIds: readonly string[] = Object.values(paths)
  .flatMap((methods) => Object.values(methods))
  .map(({ operationId }) => operationId);

/** Members that tests look at, of whichever schema the answer had to conform to. */
export interface Body {
  id: string;
  state: string;
  token: string;
  items: { id: string; kind: string }[];
  nextCursor?: string;
  result: { volumeId: string; assignmentId: string };
  error: { status: number };
}

const NO_BODY: Body = {
  id: "",
  state: "",
  token: "",
  items: [],
  result: { volumeId: "", assignmentId: "" },
  error: { status: 0 },
};

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Body;
}

export interface CallInput {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  json?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  token?: string;
}

/** Calls the array over real HTTPS and holds every answer against the contract. */
export class ContractClient {
  readonly #origin: string;
  readonly #agent: Agent;
  /** operationIds and statuses answered so far, as `ListVolumes 200`. */
  readonly seen = new Set<string>();
  token = "";

  constructor(origin: string, ca: string) {
    this.#origin = origin;
    this.#agent = new Agent({ connect: { ca } });
  }

  async call({ method = "GET", path, json, raw, headers = {}, token = this.token }: CallInput): Promise<Answer> {
    const response = await request(`${this.#origin}/api/v1${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
      body: raw ?? (json === undefined ? null : JSON.stringify(json)),
    });
    const text = await response.body.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const contentType = String(response.headers["content-type"] ?? "");
    const checked = this.#check(method, path, response.statusCode, contentType, body);
    return { status: response.statusCode, headers: response.headers, body: checked };
  }

  async signIn(credentials: { username: string; password: string }): Promise<void> {
    const { body } = await this.call({ method: "POST", path: "/session", json: credentials });
    this.token = body.token;
  }

  /** Reads the job until it ends. */
  async settle(answer: Answer): Promise<Answer> {
    for (;;) {
      const job = await this.call({ path: `/jobs/${answer.body.id}` });
      if (job.body.state === "succeeded" || job.body.state === "failed") return job;
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  #check(method: string, path: string, status: number, contentType: string, body: unknown): Body {
    const template = Object.keys(paths).find((one) =>
      new RegExp(`^${one.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path.replace(/\?.*/, "")),
    );
    const operation = template === undefined ? undefined : paths[template]?.[method.toLowerCase()];
    if (operation !== undefined) this.seen.add(`${operation.operationId} ${status}`);
    const key = operation?.responses[String(status)] === undefined ? "default" : String(status);
    if (key === "default") {
      expectType(contentType, "application/problem+json");
      return conforming({ $ref: "dgs#/components/schemas/Problem" }, body);
    }
    if (status === 204) return NO_BODY;
    expectType(contentType, "application/json");
    const pointer = `/paths/${(template ?? "").replaceAll("/", "~1")}/${method.toLowerCase()}/responses/${key}`;
    const media = status === 202 ? "/components/responses/Accepted" : pointer;
    return conforming({ $ref: `dgs#${encodeURI(media)}/content/application~1json/schema` }, body);
  }
}

function conforming(schema: object, body: unknown): Body {
  const validate = ajv.compile<Body>(schema);
  if (validate(body)) return body;
  throw new Error(`not as documented: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body)}`);
}

function expectType(actual: string, expected: string): void {
  if (!actual.startsWith(expected)) throw new Error(`content type ${actual} where ${expected} is documented`);
}
