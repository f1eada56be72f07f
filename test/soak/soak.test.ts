/**
 * Long runs: one server, 50 clients of a fleet at once, then preps one after another, then 50 at once again, on each kind of
 * store; and plans over a store with many runs behind it. The short version is part of `npm test`; `npm run test:soak` is
 * the long one, whose figures stand in docs/reliability.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { openApp, openStore } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { verifyChain } from "../../src/core/audit-chain.ts";
import { median } from "../bench/stats.ts";
import { type ControlClient, withLab } from "../support/lab.ts";
import { postgresIsThere, withCluster } from "../support/postgres.ts";
import { Caller } from "./caller.ts";
import { addPastRuns } from "./past-runs.ts";

const long = process.env["ATVM_SOAK"] === "all";
const CLIENTS = long ? 50 : 6;
const PREPS = long ? 1_000 : 12;
const PAST_RUNS = long ? 10_000 : 300;
const PLANS = long ? 40 : 10;
/** Of how many preps the memory is compared, at the beginning and at the end. */
const HUNDRED = long ? 100 : 4;
const WHOLE_MS = long ? 7_200_000 : 300_000;

/** As image and unit start Node, and a collection when it is asked for. */
const NODE_FLAGS = ["--max-semi-space-size=16", "--expose-gc"];
const LIBRARY_ENV = { MALLOC_ARENA_MAX: "1" };

const cluster = withCluster();
const config = z.looseObject({ pairs: z.array(z.looseObject({ client: z.string() })) });
const ready = z.object({ url: z.string(), tokens: z.array(z.string()) });

/** A figure for docs/reliability.md. */
const note = (line: string): unknown => process.stderr.write(`${line}\n`);

/** A folder for one part, with the lab's configuration and a store of that kind. */
async function site(kind: Kind): Promise<{ dir: string; file: string; clients: string[]; control: ControlClient }> {
  const dir = mkdtempSync(join(tmpdir(), "atvm-soak-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "atvm.config.yaml");
  const { control } = await withLab({ scenario: "fleet", clients: CLIENTS, writeConfig: file });
  const written = config.parse(parse(readFileSync(file, "utf8")));
  const store = kind === "SQLite" ? {} : { store: { postgres: { file: join(dir, "url") } } };
  if (kind === "PostgreSQL") writeFileSync(join(dir, "url"), await cluster.fresh(), { mode: 0o600 });
  const http = { limits: { perMinute: 1_000_000 } };
  writeFileSync(file, stringify({ ...written, ...store, http }));
  return { dir, file, clients: written.pairs.map(({ client }) => client).slice(0, CLIENTS), control };
}

type Kind = "SQLite" | "PostgreSQL";
const KINDS = (postgresIsThere ? ["SQLite", "PostgreSQL"] : ["SQLite"]) satisfies Kind[];

/** What a process has open, by what it is: sockets, files by their folder, pipes. */
function handlesOf(pid: number | undefined): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, "");
      } catch {
        return [];
      }
    })
    .toSorted();
}

function residentMiB(pid: number | undefined): number {
  const kib = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

describe.each(KINDS)("one server for long, on %s", (kind) => {
  test("leaves nothing behind", { timeout: WHOLE_MS }, async () => {
    const { dir, file, clients, control } = await site(kind);
    const temporary = join(dir, "tmp");
    mkdirSync(temporary);
    const env = { ...process.env, ...LIBRARY_ENV, XDG_STATE_HOME: join(dir, "state"), TMPDIR: temporary };
    const args = [...NODE_FLAGS, join(import.meta.dirname, "server.ts"), file, String(clients.length)];
    const server = spawn(process.execPath, args, { env, cwd: dir, stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void server.kill("SIGKILL"));
    const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    const { url, tokens } = ready.parse(JSON.parse(String((await lines.next()).value)));
    /** What is resident without what V8 has yet to collect, which on a large machine it does late. */
    const collected = async (): Promise<number> => {
      server.stdin.write("collect\n");
      expect((await lines.next()).value).toBe("collected");
      return residentMiB(server.pid);
    };
    const callers = clients.map((client, at) => new Caller(url, tokens[at] ?? "", client));
    const together = async (): Promise<number> => {
      const begun = performance.now();
      await Promise.all(callers.map((caller) => caller.prep()));
      return performance.now() - begun;
    };

    // Counted before the work that is measured: V8 gives memory back in a pause, and takes it again afterwards.
    await callers[0]?.prep();
    const handles = await quiet(() => handlesOf(server.pid));
    const first = await together();
    const volumes = (await control.state()).volumes.length;
    const resident: number[] = [];
    let heldBefore = 0;
    const begun = performance.now();
    for (let at = 0; at < PREPS; at += 1) {
      await callers[at % callers.length]?.prep();
      resident.push(residentMiB(server.pid));
      if (at === HUNDRED - 1) heldBefore = await collected();
    }
    const each = (performance.now() - begun) / PREPS;
    const held = await collected();
    const last = await together();
    note(
      `${kind}: ${PREPS} preps one after another, ${each.toFixed(0)} ms each; ${clients.length} at once in ${(first / 1000).toFixed(1)} s before them and ${(last / 1000).toFixed(1)} s after.`,
    );

    const repeated = callers.flatMap((caller) => caller.repeated);
    note(`${kind}: ${repeated.length} calls had to be made again ${JSON.stringify([...new Set(repeated)])}.`);

    // All that a prep opened on either system, and of this process, is closed again while the server goes on.
    expect((await control.state())["sessions"]).toEqual({ dgs: 0, vim: 0 });
    const after = (): number => handlesOf(server.pid).length;
    // Connections that are kept for reuse go by themselves: those to the database after ten seconds.
    await expect.poll(after, { timeout: 60_000, interval: 250 }).toBeLessThanOrEqual(handles.length);
    note(`${kind}: ${handles.length} handles after the first prep, ${after()} after the last.`);
    expect(readdirSync(temporary)).toEqual([]);
    const [before, now] = [median(resident.slice(0, HUNDRED)), median(resident.slice(-HUNDRED))];
    note(
      `${kind}: resident memory ${before.toFixed(0)} MiB in the first hundred, ${now.toFixed(0)} MiB in the last; after a collection ${heldBefore.toFixed(0)} and ${held.toFixed(0)} MiB.`,
    );
    const hundreds = Array.from({ length: PREPS / HUNDRED }, (_, at) =>
      median(resident.slice(at * HUNDRED, (at + 1) * HUNDRED)),
    );
    note(`${kind}: resident memory by the hundred ${hundreds.map((mib) => mib.toFixed(0)).join(", ")} MiB.`);
    if (long) {
      expect(held).toBeLessThanOrEqual(heldBefore * 1.05);
      expect(now).toBeLessThanOrEqual(before * 1.05);
      // The first may still have what the 50 at once took.
      expect(now).toBeLessThanOrEqual(Math.min(...hundreds) * 1.05);
    }

    const configured = await loadConfig({ file, env, cwd: dir });
    const { store } = await openStore(configured);
    try {
      const [runs, chain, locked] = await Promise.all([
        store.read((tx) => tx.runs({})),
        verifyChain(store),
        store.tryLock({
          exclusive: (await control.state()).clients.map(({ id }) => `client-${id}`),
        }),
      ]);
      expect(runs.map(({ state }) => state)).toEqual(
        Array.from({ length: 1 + PREPS + 2 * clients.length }, () => "succeeded"),
      );
      note(`${kind}: ${runs.length} runs succeeded, ${chain.rows} rows of the audit, which holds.`);
      expect(chain).toMatchObject({ holds: true, problems: [] });
      expect(locked).toBeDefined();
      await locked?.release();
    } finally {
      await store.close();
    }

    // Each prep has left one clone and taken one away.
    expect((await control.state()).volumes).toHaveLength(volumes);
    const exited = once(server, "exit");
    server.stdin.end();
    expect(await exited).toEqual([0, null]);
    expect((await control.state())["sessions"]).toEqual({ dgs: 0, vim: 0 });
  });

  test("plans as fast with many runs behind it as with none", { timeout: WHOLE_MS }, async () => {
    const { dir, file, control } = await site(kind);
    const empty = join(dir, "empty.yaml");
    const written = config.parse(parse(readFileSync(file, "utf8")));
    const other =
      kind === "SQLite" ? { sqlite: join(dir, "empty.sqlite") } : { postgres: { file: join(dir, "empty-url") } };
    if (kind === "PostgreSQL") writeFileSync(join(dir, "empty-url"), await cluster.fresh(), { mode: 0o600 });
    writeFileSync(empty, stringify({ ...written, store: other }));
    const options = { env: { XDG_STATE_HOME: join(dir, "state") }, cwd: dir };
    const apps = await Promise.all([file, empty].map((configFile) => openApp({ ...options, configFile })));
    const plan = async (app: (typeof apps)[number]): Promise<number> => {
      const actor = app.actor("mcp", "soak");
      const begun = performance.now();
      const { planId } = await app.engine.plan("automated_testing", { lun: "Gold" }, actor);
      const taken = performance.now() - begun;
      await app.engine.discardPlan({ planId }, actor);
      return taken;
    };
    try {
      const [past, none] = apps;
      if (past === undefined || none === undefined) throw new Error("two were opened");
      for (const app of apps) {
        const { planToken = "" } = await app.engine.plan(
          "automated_testing",
          { lun: "Gold" },
          app.actor("mcp", "soak"),
        );
        await app.engine.confirm(planToken, app.actor("mcp", "soak"), { waitMs: 60_000 });
      }
      const { store, clock } = await openStore(await loadConfig({ file, ...options }));
      await addPastRuns(store, clock, PAST_RUNS, (await control.state()).clients).finally(() => store.close());
      // The first plan of a process reads what all others know then.
      const firsts = [await plan(none), await plan(past)].toReversed();
      const taken: [number, number][] = [];
      for (let at = 0; at < PLANS; at += 1) taken.push([await plan(past), await plan(none)]);
      const ratio = median(taken.map(([some, nothing]) => some / nothing));
      note(
        `${kind}: a plan takes ${median(taken.map(([some]) => some)).toFixed(0)} ms with ${PAST_RUNS} runs behind it, ${median(taken.map(([, nothing]) => nothing)).toFixed(0)} ms with none: ${ratio.toFixed(2)} ×, pair by pair; the first of a process ${firsts.map((ms) => ms?.toFixed(0)).join(" and ")} ms.`,
      );
      if (long) expect(ratio).toBeLessThanOrEqual(1.2);
    } finally {
      for (const app of apps) await app.close();
    }
  });
});

beforeAll(() => (postgresIsThere ? cluster.ready() : undefined), 120_000);

/** What is there once nothing changes any more: connections that are kept for reuse go by themselves after a while. */
async function quiet(look: () => string[]): Promise<string[]> {
  let [before, same] = [look(), 0];
  const deadline = performance.now() + 60_000;
  while (same < 20 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = look();
    same = now.length === before.length ? same + 1 : 0;
    before = now;
  }
  return before;
}
