/** The real web server in this process, over the real engine and lab, with tokens and real clients of both eras. */
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as OlderHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { onTestFinished } from "vitest";
import type { App } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/config.ts";
import type { Role } from "../../src/core/domain/roles.ts";
import { startHttpServer } from "../../src/http/server.ts";
import { getter } from "../../src/net/get.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { wordingFor } from "../../src/text/wording.ts";
import { type Conversation, modernOn, olderOn, type Person } from "./mcp-clients.ts";

export interface TestServer {
  readonly url: string;
  /** The server's address without `/mcp`. */
  readonly base: string;
  readonly port: number;
  token(role: Role, name?: string): Promise<string>;
  close(graceMs?: number): Promise<void>;
}

/** `http` of a configuration that says this of its provider. */
export async function httpWith(oauth: object): Promise<Config["http"]> {
  const section = { url: "http://127.0.0.1", username: "a", password: { env: "A" } };
  const data = { array: { kind: "dgs", ...section }, vcenter: { password: { env: "A" } }, http: { oauth } };
  return (await resolveConfig(data, { where: "test", baseDir: "/", env: {} })).http;
}

/** Closed at the end of the test. `settings` are members of `http` beside the configuration's own. */
export async function serverOver(app: App, settings: Partial<Config["http"]> = {}, port = 0): Promise<TestServer> {
  const server = await startHttpServer({
    settings: { ...app.config.http, ...settings },
    listen: { host: "127.0.0.1", port },
    engine: app.engine,
    log: app.log,
    clock: systemClock,
    wording: () => wordingFor("assistant", { console: server.consoleUrl }),
    systems: new Map([
      [new URL(app.config.array.url).origin, "array"],
      [`https://${app.config.vcenter.address}`, "vcenter"],
    ]),
    get: getter({ insecure: true }, undefined),
  });
  let open = true;
  const close = async (graceMs = 0): Promise<void> => {
    if (!open) return;
    open = false;
    await server.close(graceMs);
  };
  onTestFinished(() => close());
  const base = server.mcpUrl.replace(/\/mcp$/, "");
  return {
    url: server.mcpUrl,
    base,
    port: Number(new URL(base).port),
    token: async (role, name = role) =>
      (await app.engine.createToken({ name, role, ttlMs: 3_600_000 }, app.actor("cli"))).token,
    close,
  };
}

const bearing = (token: string) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } });

/** A client of each era, over HTTP, closed at the end of the test. */
export const HTTP_CLIENTS = [
  [
    "2026-07-28",
    (url: string, token: string, person?: Person) => modernOn(new ModernHttp(new URL(url), bearing(token)), person),
  ],
  [
    "2025-11-25",
    (url: string, token: string, person?: Person) =>
      // The older library's own transport does not fit its own interface where optional members are exact.
      olderOn(new OlderHttp(new URL(url), bearing(token)) as Parameters<typeof olderOn>[0], person),
  ],
] as const satisfies readonly [string, (url: string, token: string, person?: Person) => Promise<Conversation>][];
