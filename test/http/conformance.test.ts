/**
 * The MCP conformance suite against the server as it is, token and all. Most of its scenarios call tools and prompts of a
 * test server's that this one has not; those that need none are listed here, and every one of them has to pass.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { withEngine } from "../support/engine.ts";
import { serverOver } from "../support/http.ts";

const bench = await withEngine();
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SUITE = at("../../node_modules/@modelcontextprotocol/conformance/dist/index.js");

const PASSED: Readonly<Record<string, readonly string[]>> = {
  "2025-03-26": ["server-session-lifecycle"],
  "2025-06-18": [
    "ping",
    "prompts-list",
    "resources-list",
    "server-initialize",
    "server-session-lifecycle",
    "tools-list",
  ],
  "2025-11-25": [
    "dns-rebinding-protection",
    "ping",
    "prompts-list",
    "resources-list",
    "server-initialize",
    "server-session-lifecycle",
    "server-sse-multiple-streams",
    "server-sse-polling",
    "tools-list",
  ],
  "2026-07-28": [
    "caching",
    "dns-rebinding-protection",
    "http-header-validation",
    "input-required-result-ignore-extra-params",
    "input-required-result-missing-input-response",
    "input-required-result-unsupported-methods",
    "input-required-result-validate-input",
    "prompts-list",
    "resources-list",
    "sep-2164-resource-not-found",
    "server-sse-multiple-streams",
    "tools-list",
  ],
};

/** The scenarios of this protocol version that passed, without a warning or with. */
async function passedIn(version: string, url: string, token: string): Promise<string[]> {
  const words = [
    "--import",
    at("../support/bearer.mjs"),
    SUITE,
    "server",
    "--url",
    url,
    "--suite",
    "all",
    "--spec-version",
    version,
  ];
  const env = { ...process.env, ATVM_TEST_TOKEN: token, NO_COLOR: "1" };
  // It ends with 1 where a scenario fails, and most do: what came of each stands in its summary.
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    env,
    maxBuffer: 2 ** 26,
    cwd: bench.dir,
  }).catch((ended: unknown) =>
    ended instanceof Error && "stdout" in ended ? { stdout: String(ended.stdout) } : Promise.reject(ended),
  );
  const summary = stdout.slice(stdout.indexOf("=== SUMMARY ==="));
  return [...summary.matchAll(/^✓ ([\w-]+):/gm)].map(([, scenario]) => scenario ?? "").toSorted();
}

describe("the conformance suite", () => {
  it.each(Object.entries(PASSED))(
    "of %s passes where it needs nothing of a test server",
    { timeout: 180_000 },
    async (version, scenarios) => {
      const generous = { ...bench.app.config.http.limits, perMinute: 100_000, failuresPerMinute: 100_000 };
      const server = await serverOver(bench.app, { limits: generous });
      expect(await passedIn(version, server.url, await server.token("admin"))).toEqual(scenarios);
    },
  );
});
