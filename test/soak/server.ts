/**
 * The server under test: the web server over the engine, as `serve --http` puts them together, except that runs are carried
 * out in this process too, so that what a run leaves behind is seen here. Arguments: the configuration, how many clients.
 * Prints its URL and tokens as JSON; for each line that comes in it collects its garbage and prints one; ends with its
 * standard input. Wants `--expose-gc`.
 */
import { createInterface } from "node:readline";
import { openApp } from "../../src/app.ts";
import { startHttpServer } from "../../src/http/server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { collectEarly } from "../../src/platform/heap.ts";
import { wordingFor } from "../../src/text/wording.ts";

collectEarly();
const [configFile = "", clients = "1"] = process.argv.slice(2);
const app = await openApp({ configFile, env: process.env, cwd: process.cwd() });
const server = await startHttpServer({
  settings: app.config.http,
  listen: { host: "127.0.0.1", port: 0 },
  engine: app.engine,
  log: app.log,
  clock: systemClock,
  wording: () => wordingFor("assistant", {}),
  systems: new Map(),
  get: () => Promise.reject(new Error("nothing is got")),
});
const tokens: string[] = [];
for (let at = 1; at <= Number(clients); at += 1) {
  const asked = { name: `client-${at}`, role: "operator" as const, ttlMs: 86_400_000 };
  tokens.push((await app.engine.createToken(asked, app.actor("cli"))).token);
}
process.stdout.write(`${JSON.stringify({ url: server.mcpUrl, tokens })}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  await globalThis.gc?.({ type: "major", execution: "async", flavor: "last-resort" });
  process.stdout.write("collected\n");
}
await server.close(5_000);
await app.close();
