/** Calls of tools over HTTP, by hand: what is measured is the server, not a client library. */
import { z } from "zod";
import { modernRequest, post } from "../support/wire.ts";

const answer = z.object({
  result: z.object({ isError: z.boolean().optional(), structuredContent: z.looseObject({}).optional() }),
});

const refusal = z.looseObject({ error: z.looseObject({ code: z.string(), retryable: z.boolean() }) });

const planned = z.object({ planToken: z.string(), planId: z.string() });
const run = z.object({ runId: z.string(), state: z.string() });

const MOST_REPEATED = 20;

export class Caller {
  readonly #server: { readonly url: string };
  readonly #token: string;
  readonly #client: string;
  /** What was asked again: each call may be, a confirmation too. Lost on a connection, or refused as `retryable`. */
  readonly repeated: string[] = [];
  #id = 0;

  constructor(url: string, token: string, client: string) {
    this.#server = { url };
    this.#token = token;
    this.#client = client;
  }

  async call(name: string, args: Record<string, unknown>): Promise<unknown> {
    this.#id += 1;
    const asked = modernRequest("tools/call", { name, arguments: args }, this.#id);
    const { status, body } = await post(this.#server, asked, this.#token).then(
      async (response) => ({ status: response.status, body: await response.text() }),
      (lost: unknown) => ({ status: 0, body: String(lost) }),
    );
    if (status === 0 || status >= 500) {
      this.repeated.push(`${name} ${status}`);
      if (this.repeated.length > MOST_REPEATED) throw new Error(`${name}: ${status} ${body}`);
      return this.call(name, args);
    }
    if (status !== 200) throw new Error(`${name}: ${status} ${body}`);
    const events = body.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice(6)] : []));
    const { result } = answer.parse(JSON.parse(events.at(-1) ?? body));
    if (!result.isError) return result.structuredContent;
    const refused = refusal.safeParse(result.structuredContent);
    if (!refused.success || !refused.data.error.retryable) throw new Error(`${name}: ${body}`);
    this.repeated.push(`${name} ${refused.data.error.code}`);
    return this.call(name, args);
  }

  async plan(): Promise<z.infer<typeof planned>> {
    return planned.parse(await this.call("prep_automated_testing", { lun: "Gold", client: this.#client }));
  }

  /** Plans, confirms, and follows the run to its end. */
  async prep(): Promise<void> {
    const { planToken } = await this.plan();
    let now = run.parse(await this.call("confirm_plan", { planToken }));
    while (now.state === "queued" || now.state === "running")
      now = run.parse(await this.call("get_run", { runId: now.runId, waitSeconds: 20 }));
    if (now.state !== "succeeded") throw new Error(`run ${now.runId} is ${now.state}: ${JSON.stringify(now)}`);
  }
}
