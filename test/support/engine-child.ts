/**
 * The program's engine in a process of its own, for tests that kill, stop or outnumber it. Confirms what it is told on
 * stdin, a JSON line each: `{"token", "times"?}`; says `ready` first, then a JSON line with the outcomes of each.
 */
import { createInterface } from "node:readline";
import { openApp } from "../../src/app.ts";
import { asPrepError } from "../../src/core/domain/errors.ts";

const [configFile = "", mainScript] = process.argv.slice(2);
// Where runs get a process of their own, it is the program's, as its script names it.
if (mainScript !== undefined) process.argv[1] = mainScript;
const app = await openApp({ configFile, env: process.env, cwd: process.cwd(), detachRuns: mainScript !== undefined });
const actor = app.actor("mcp", "child");
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const stop = (): void => void app.close().then(() => process.exit(0));
process.on("SIGTERM", stop);

const one = (token: string): Promise<object> =>
  app.engine.confirm(token, actor, { waitMs: 60_000 }).then(
    ({ runId, state }) => ({ runId, state }),
    (thrown: unknown) => ({ code: asPrepError(thrown).code }),
  );

say("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { token, times = 1 } = JSON.parse(line) as { token: string; times?: number };
  say(await Promise.all(Array.from({ length: times }, () => one(token))));
}
await app.close();
