/** A server between the program and one of the lab's, which hands every answer on, and one of them changed. */
import { createServer } from "node:https";
import { Agent, request } from "undici";
import { afterAll } from "vitest";
import { makeCertificate } from "../../src/lab/http/certificate.ts";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

export interface TamperingProxy {
  readonly origin: string;
  readonly thumbprint: string;
  /** Answers since the last call of `tamper` or `leave`. */
  answers(): number;
  /** Whether the answer came that was to be changed. */
  struck(): boolean;
  /** The answer of this number, from 0 on, is changed. */
  tamper(nth: number, change: (answer: Answer) => Answer): void;
  leave(): void;
}

/** Closed after the tests of the file. */
export async function tamperingProxy(target: URL, caPem: string): Promise<TamperingProxy> {
  const { key, cert, thumbprint } = await makeCertificate();
  const dispatcher = new Agent({ connect: { ca: caPem } });
  let passed = 0;
  let hit = false;
  let plan: { readonly nth: number; readonly change: (answer: Answer) => Answer } | undefined;
  const server = createServer({ key, cert }, async (incoming, outgoing) => {
    const sent: Buffer[] = [];
    for await (const chunk of incoming) sent.push(Buffer.from(chunk));
    // Its connection with us is not ours with the lab.
    const {
      host: _host,
      connection: _,
      "content-length": _length,
      "accept-encoding": __,
      ...headers
    } = incoming.headers;
    const got = await request(new URL(incoming.url ?? "/", target.origin), {
      dispatcher,
      method: incoming.method ?? "GET",
      headers,
      body: Buffer.concat(sent),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { "content-length": _size, "transfer-encoding": _coding, connection: _kept, ...rest } = got.headers;
    const answer = {
      status: got.statusCode,
      type: String(rest["content-type"] ?? ""),
      body: Buffer.from(await got.body.arrayBuffer()),
    };
    const isIt = passed === plan?.nth;
    passed += 1;
    hit ||= isIt;
    const { status, type, body } = isIt && plan !== undefined ? plan.change(answer) : answer;
    outgoing.writeHead(status, { ...rest, "content-type": type, "content-length": body.length });
    outgoing.end(body);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await dispatcher.destroy();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy listens on no port");
  const start = (next: typeof plan): void => {
    passed = 0;
    hit = false;
    plan = next;
  };
  return {
    origin: `https://127.0.0.1:${address.port}`,
    thumbprint,
    answers: () => passed,
    struck: () => hit,
    tamper: (nth, change) => start({ nth, change }),
    leave: () => start(undefined),
  };
}
