import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { inspect } from "node:util";
import { createDgs } from "../../../src/array/dgs/array.ts";
import type { ArrayOptions, StorageArray } from "../../../src/array/driver.ts";
import { PrepError } from "../../../src/core/domain/errors.ts";
import type { Clock, Logger } from "../../../src/core/ports/runtime.ts";

/** Time that only sleeping moves, so that waits cost nothing and can be looked at; `set` moves the wall clock alone. */
export function fakeClock(): Clock & { readonly slept: number[]; advance(ms: number): void; set(ms: number): void } {
  const start = Date.parse("2026-11-23T10:00:00Z");
  let passed = 0;
  let shift = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(start + passed + shift),
    elapsed: () => passed,
    sleep: async (ms) => {
      slept.push(ms);
      passed += ms;
    },
    advance: (ms) => {
      passed += ms;
    },
    set: (ms) => {
      shift += ms;
    },
  };
}

/** A log that remembers all it was told. */
export function memoryLog(): Logger & { text(): string } {
  const lines: string[] = [];
  const keep = (data: object, message: string): void => {
    lines.push(`${message} ${inspect(data, { depth: 9 })}`);
  };
  return { debug: keep, info: keep, warn: keep, error: keep, text: () => lines.join("\n") };
}

export const PASSWORD = "canary-password";
export const TOKEN = "canary-token-0123456789";

export interface Opened extends StorageArray {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly log: ReturnType<typeof memoryLog>;
}

export function open(url: string, more: Partial<ArrayOptions> = {}): Opened {
  const clock = fakeClock();
  const log = memoryLog();
  const timeouts = { connectMs: 2_000, callMs: 5_000, jobMs: 60_000 };
  const array = createDgs({
    url,
    username: "operator",
    password: () => PASSWORD,
    tls: { insecure: true },
    timeouts,
    clock,
    log,
    ...more,
  });
  return { ...array, clock, log };
}

/** The PrepError that a promise is rejected with; anything else fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<PrepError> {
  const thrown = await promise.then(
    (value) => new Error(`was not refused: ${inspect(value)}`),
    (error: unknown) => error,
  );
  if (thrown instanceof PrepError) return thrown;
  throw thrown;
}

/** All that an error could print anywhere. */
export const everything = (error: PrepError): string =>
  `${inspect(error, { depth: 12, showHidden: true })}${JSON.stringify(error.toRecord())}`;

export type Handler = (request: IncomingMessage & { readonly text: string }, response: ServerResponse) => void;

/** A server that answers as `handler` says, for what only a real socket can do: breaking and hanging. */
export async function serve(handler: Handler): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () =>
      handler(Object.assign(request, { text: Buffer.concat(pieces).toString("utf8") }), response),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(response: ServerResponse, status: number, body: unknown, type = "application/json"): void {
  response.writeHead(status, { "content-type": type }).end(typeof body === "string" ? body : JSON.stringify(body));
}

export const session = { token: TOKEN, expiresAt: "2026-11-23T11:00:00Z" };

export const clone = {
  id: "vol-7",
  name: "clone",
  kind: "clone",
  guid: "6000000000000000000000000000ABCD",
  sizeBytes: 1,
  policyId: "pol-1",
  parentVolumeId: "vol-1",
  parentSnapshotId: "snap-1",
  snapshotCount: 0,
  createdAt: "2026-11-22T10:00:00+01:00",
};
