/** `store copy`: a store that was used in its file goes on in a database. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { moveStore, openApp } from "../../../src/app.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { copyStore } from "../../../src/store/copy.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { type Bench, refusal, withEngine } from "../../support/engine.ts";
import { assemble, storeFile } from "../../support/parts.ts";
import { describePostgres, withCluster } from "../../support/postgres.ts";
import { appendNext, planRow, runRow } from "../rows.ts";

describePostgres("a store that is moved from its file to a database", () => {
  const cluster = withCluster();
  let bench: Bench;
  beforeAll(async () => {
    bench = await withEngine({}, {}, "sqlite");
    // Its store goes elsewhere in the middle.
    bench.changesWithoutPlans();
    await cluster.ready();
  }, 120_000);

  /** The bench's configuration with a new database as its store. */
  async function elsewhere(): Promise<{ configFile: string; url: string }> {
    const dir = await mkdtemp(join(tmpdir(), "atvm-move-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const url = await cluster.fresh();
    const configFile = join(dir, "config.yaml");
    await writeFile(join(dir, "url"), url, { mode: 0o600 });
    const written = await readFile(bench.config, "utf8");
    await writeFile(configFile, written.replace(/^( *)sqlite: .*$/m, `$1postgres: { file: ${join(dir, "url")} }`));
    return { configFile, url };
  }

  it("keeps plans with their tokens, runs, journal and chain; the file is not worked with any more", async () => {
    const done = await bench.prep("automated_testing");
    const open = await bench.plan("register");
    const before = await bench.app.engine.readAudit({ limit: 10_000 });
    const { configFile } = await elsewhere();
    const options = { configFile, env: bench.env, cwd: bench.dir };
    const from = bench.app.store.place;
    const moved = await moveStore(options, from);
    expect(moved).toMatchObject({ from, rows: { audit: before.rows.length }, chain: { holds: true, problems: [] } });

    const app = await openApp(options);
    onTestFinished(() => app.close());
    const { rows, chain } = await app.engine.readAudit({ limit: 10_000 });
    expect(rows.slice(0, -1)).toEqual(before.rows);
    expect(rows.at(-1)).toMatchObject({ type: "store_moved", data: { from } });
    expect(chain).toMatchObject({ holds: true });
    expect(await app.engine.getRun(done.runId)).toEqual(done);
    expect((await app.engine.listRuns({})).map(({ runId }) => runId)).toContain(done.runId);
    const run = await app.engine.confirm(open.planToken ?? "", app.actor("mcp", "tests"), { waitMs: 25_000 });
    expect(run).toMatchObject({ state: "succeeded" });

    const refused = await refusal(bench.plan("register"), "STORE_UNUSABLE");
    expect(refused.message).toContain(`moved to ${app.store.place}`);
    await refusal(openApp({ ...options, configFile: bench.config }), "STORE_UNUSABLE");
    await refusal(moveStore(options, from), "STORE_UNUSABLE");
  });

  /** A store of the bench's in a file of its own, with a row in its audit, and where it is to be moved to. */
  async function small(name: string) {
    const { engine, close } = await assemble(bench, { anotherStore: name });
    await engine.listLuns(bench.actor);
    await close();
    const { configFile, url } = await elsewhere();
    const heads = join(bench.dir, `${name}-heads.log`);
    return { path: storeFile(bench, name), url, heads, options: { configFile, env: bench.env, cwd: bench.dir } };
  }

  it("leaves no table behind", async () => {
    const { path, url, heads } = await small("tables");
    const { rows } = await copyStore({ from: path, url, heads, clock: systemClock });
    const db = new DatabaseSync(path);
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta'").all();
    db.close();
    expect(Object.keys(rows).toSorted()).toEqual(tables.map((table) => String(table["name"])).toSorted());
  });

  it("is not moved into one that is in use", async () => {
    const { path, options } = await small("into-used");
    const app = await openApp(options);
    await app.engine.listLuns(app.actor("cli"));
    await app.close();
    expect((await refusal(moveStore(options, path), "STORE_UNUSABLE")).message).toContain("not empty");
  });

  it("is not moved when its chain does not hold", async () => {
    const { path, options } = await small("broken");
    const store = await openSqliteStore({ path, clock: systemClock });
    await store.write((tx) => appendNext(tx));
    await store.close();
    expect((await refusal(moveStore(options, path), "STORE_UNUSABLE")).message).toContain("audit does not hold");
  });

  it("is not moved while a run is under way on it", async () => {
    const { path, options } = await small("busy");
    const store = await openSqliteStore({ path, clock: systemClock });
    await store.write(async (tx) => {
      await tx.insertPlan(planRow("p1"));
      await tx.insertRun(runRow("r1", "p1", { state: "running" }));
    });
    await store.close();
    expect((await refusal(moveStore(options, path), "LOCKED")).found).toMatchObject({ runs: [{ runId: "r1" }] });
  });

  it("is completed by a second call where the first was cut off before the file was marked", async () => {
    const { path, url, heads } = await small("cut-off");
    const copy = () => copyStore({ from: path, url, heads, clock: systemClock });
    const first = await copy();
    const db = new DatabaseSync(path);
    db.exec("DELETE FROM meta WHERE key = 'movedTo'");
    db.close();
    expect(await copy()).toEqual(first);
    await refusal(copy(), "STORE_UNUSABLE");
    expect(await cluster.sql(url, "SELECT count(*)::int AS rows FROM audit")).toEqual([{ rows: 1 }]);
  });

  it("is not made where there is none", async () => {
    const { options } = await small("none");
    await refusal(moveStore(options, join(bench.dir, "no-such.db")), "STORE_UNUSABLE");
  });
});
