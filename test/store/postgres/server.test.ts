/** A store in PostgreSQL where its server, the way there, or somebody with rights on it is not as it should be. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import type { Clock } from "../../../src/core/ports/runtime.ts";
import { redactText } from "../../../src/logging/redact.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { describePostgres } from "../../support/postgres.ts";
import { appendNext, auditRow } from "../rows.ts";
import { withPostgres } from "./samples.ts";
import { wireTo } from "./wire.ts";

async function refusalOf(work: Promise<unknown>): Promise<PrepError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof PrepError)) throw new Error(`Not refused: ${String(thrown)}`);
  expect(thrown.hint).not.toBe("");
  return thrown;
}

describePostgres("a store in PostgreSQL", () => {
  const { cluster, open, fresh } = withPostgres();

  it("is shown without account and password, and its errors and the log have neither", async () => {
    const url = await fresh();
    const store = await open(url);
    expect(store.place).toBe(`postgres://127.0.0.1:${cluster.port}/store1`);
    expect(redactText(`said ${cluster.password} to ${url}`)).not.toContain(cluster.password);
    const wrong = await refusalOf(open(url.replace(cluster.password, "n0t-the-pa55word")));
    expect(wrong.code).toBe("STORE_UNUSABLE");
    expect(wrong.message).toContain("password authentication failed");
    expect(JSON.stringify(wrong.toRecord())).not.toContain("n0t-the-pa55word");
    const none = await refusalOf(open(`https://u:${cluster.password}@db/x`));
    expect(none.code).toBe("CONFIG_INVALID");
    expect(JSON.stringify(none.toRecord())).not.toContain(cluster.password);
  });

  it("is refused when a newer atvm_prep made it, and left alone", async () => {
    const url = await fresh();
    await (await open(url)).write((tx) => appendNext(tx));
    const [before] = await cluster.sql(url, "SELECT value FROM meta WHERE key = 'schemaVersion'");
    await cluster.sql(url, "UPDATE meta SET value = '99' WHERE key = 'schemaVersion'");
    const refusal = await refusalOf(open(url));
    expect(refusal.code).toBe("STORE_UNUSABLE");
    expect(refusal.message).toContain("made by a newer atvm_prep (schema 99");
    await cluster.sql(url, `UPDATE meta SET value = '${String(before?.["value"])}' WHERE key = 'schemaVersion'`);
    expect(await (await open(url)).read((tx) => tx.audit({}))).toEqual([auditRow(1)]);
  });

  it("is refused where the schema is another program's", async () => {
    const url = await fresh();
    await cluster.sql(url, "CREATE SCHEMA atvm; CREATE TABLE atvm.notes (text text)");
    expect((await refusalOf(open(url))).message).toContain("another program's");
  });

  it("is made once by many that come at the same time", async () => {
    const url = await fresh();
    const stores = await Promise.all(Array.from({ length: 12 }, () => open(url)));
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1);
    const [row] = await cluster.sql(url, "SELECT count(*)::int AS ids FROM meta WHERE key = 'storeId'");
    expect(row).toEqual({ ids: 1 });
  });

  it.each(["transaction", "session", "statement"] as const)(
    "is refused behind a pooler in %s mode, with the reason",
    async (mode) => {
      const url = await fresh();
      await open(url);
      const pooled = url.replace(`:${cluster.port}/`, `:${await cluster.pooler(mode)}/`);
      const refusal = await refusalOf(open(pooled));
      expect(refusal.code).toBe("STORE_UNUSABLE");
      expect(refusal.message).toContain("a connection pooler stands between");
      expect(refusal.message).toContain("locks that keep two runs apart belong to a session");
      expect(refusal.hint).toContain("past the pooler");
    },
  );

  it("works for an account with no more rights than it needs, and refuses to write without them", async () => {
    const url = await fresh();
    await (await open(url)).write((tx) => appendNext(tx));
    const guide = readFileSync(join(import.meta.dirname, "../../../docs/deploy.md"), "utf8");
    const grants = /```sql\n(-- as the owner[\s\S]*?)```/.exec(guide)?.[1] ?? "";
    expect(grants).toContain("GRANT");
    await cluster.sql(url, grants.replace("'…'", `'${cluster.password}'`));
    await cluster.sql(
      url,
      `CREATE ROLE reader LOGIN PASSWORD '${cluster.password}'; GRANT USAGE ON SCHEMA atvm TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA atvm TO reader`,
    );
    const as = (role: string): string => url.replace("//postgres:", `//${role}:`);
    const store = await open(as("atvm_runner"));
    expect(await store.write((tx) => appendNext(tx))).toBe(2);
    await expect(cluster.sql(as("atvm_runner"), "DELETE FROM audit")).rejects.toThrow("permission denied");
    await expect(cluster.sql(as("atvm_runner"), "UPDATE audit SET actor = 'x'")).rejects.toThrow("permission denied");
    const deletes = /```sql\n(GRANT DELETE[\s\S]*?)```/.exec(guide)?.[1] ?? "";
    await cluster.sql(url, deletes);
    await expect(cluster.sql(as("atvm_runner"), "DELETE FROM audit")).rejects.toThrow("no row is deleted");
    const which = { before: "2025-04-01T00:00:00.000Z", newestRuns: 0, throughSeq: 0 };
    expect(await store.write((tx) => tx.removeOld(which))).toMatchObject({ plans: 0, audit: 0 });
    const reader = await open(as("reader"));
    expect(await reader.read((tx) => tx.audit({}))).toHaveLength(2);
    expect(await refusalOf(reader.write((tx) => appendNext(tx)))).toMatchObject({ code: "AUDIT_UNWRITABLE" });
  });

  it("goes by the database's time, whatever this machine's clock says", async () => {
    const wrong: Clock = { ...systemClock, now: () => new Date(0) };
    const { store, clock } = await openPostgresStore({
      url: await fresh(),
      heads: join(cluster.dir, "clock.log"),
      clock: wrong,
    });
    await store.write((tx) => appendNext(tx));
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(5_000);
    await store.close();
  });
});

describePostgres("a server that is away", () => {
  const { cluster, open, fresh } = withPostgres();

  it("for the time of a restart is waited for; the locks of before are lost, and known to be", async () => {
    const store = await open(await fresh(), { busyMs: 60_000 });
    expect(await store.write((tx) => appendNext(tx))).toBe(1);
    const lock = await store.tryLock({ exclusive: ["gold:1"] });
    expect(await lock?.stillHeld()).toBe(true);
    await cluster.stop();
    const [read, write] = [store.read((tx) => tx.audit({})), store.write((tx) => appendNext(tx))];
    await cluster.start();
    expect((await read).length).toBeGreaterThan(0);
    expect(await write).toBe(2);
    expect(await lock?.stillHeld()).toBe(false);
    expect(await store.tryLock({ exclusive: ["gold:1"] })).toBeDefined();
    expect(await lock?.stillHeld()).toBe(false);
  });

  it("for longer is told, retryably", async () => {
    const url = await fresh();
    await cluster.stop();
    const refusal = await refusalOf(open(url, { busyMs: 100 }));
    await cluster.start();
    expect(refusal).toMatchObject({ code: "STORE_UNUSABLE", retryable: true });
    expect(refusal.message).toContain("ECONNREFUSED");
  });

  it.each(["before", "after"] as const)("%s it has answered a commit: the write takes effect once", async (when) => {
    const url = await fresh();
    const wire = await wireTo(cluster.port);
    const store = await open(url.replace(`:${cluster.port}/`, `:${wire.port}/`));
    expect(await store.write((tx) => appendNext(tx))).toBe(1);
    let works = 0;
    wire.cutNextCommit(when);
    expect(
      await store.write((tx) => {
        works += 1;
        return appendNext(tx);
      }),
    ).toBe(2);
    expect(works).toBe(when === "before" ? 2 : 1);
    expect(await store.read((tx) => tx.audit({}))).toEqual([auditRow(1), auditRow(2)]);
  });
});

describePostgres("a session of the locks", () => {
  const { cluster, open, fresh } = withPostgres();
  // With a time, it is over when the answer comes.
  const end =
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

  it("that the server ends takes its locks with it: another has them, and the first knows", async () => {
    const url = await fresh();
    const [one, other] = [await open(url), await open(url)];
    const lock = await one.tryLock({ exclusive: ["gold:1"], shared: ["gold:2"] });
    expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
    await cluster.sql(url, end);
    expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeDefined();
    expect(await lock?.stillHeld()).toBe(false);
    await lock?.release();
    expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
  });

  it("is not thought to hold what somebody unlocked in it", async () => {
    const store = await open();
    const [first, second] = [await store.tryLock({ exclusive: ["a"] }), await store.tryLock({ exclusive: ["b"] })];
    await first?.release();
    expect([await first?.stillHeld(), await second?.stillHeld()]).toEqual([false, true]);
  });

  it("keeps a lock that is shared twice until both have given it back", async () => {
    const url = await fresh();
    const [one, other] = [await open(url), await open(url)];
    const first = await one.tryLock({ exclusive: [], shared: ["gold:1"] });
    const second = await one.tryLock({ exclusive: [], shared: ["gold:1"] });
    await first?.release();
    await first?.release();
    expect(await second?.stillHeld()).toBe(true);
    expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
    await second?.release();
    expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeDefined();
  });
});

describePostgres("whoever watches", () => {
  const { cluster, open, fresh } = withPostgres();
  const heard = (): { promise: Promise<void>; tell: () => void } => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { promise, tell: resolve };
  };
  const plan = async (url: string) => {
    const { planRow, runRow } = await import("../rows.ts");
    const writer = await open(url);
    await writer.write(async (tx) => {
      await tx.insertPlan(planRow("p1"));
      await tx.insertRun(runRow("r1", "p1"));
      await tx.insertRun(runRow("r2", "p1"));
    });
    return writer;
  };

  it("a run is told of its commits, and of no other's, and of nothing that was rolled back", async () => {
    const url = await fresh();
    const writer = await plan(url);
    const store = await open(url);
    const calls: string[] = [];
    const [one, two] = [heard(), heard()];
    await store.watch?.({ runId: "r1" }, () => {
      calls.push("r1");
      one.tell();
    });
    await store.watch?.({ runId: "r2" }, () => {
      calls.push("r2");
      two.tell();
    });
    await writer
      .write(async (tx) => {
        await tx.updateRun("r1", { state: "running" });
        throw new Error("rolled back");
      })
      .catch(() => undefined);
    await writer.write((tx) => tx.putStep({ runId: "r1", seq: 1, stepId: "s1", state: "running" }));
    await one.promise;
    await writer.write((tx) => tx.updateRun("r2", { state: "running" }));
    await two.promise;
    expect(calls).toEqual(["r1", "r2"]);
  });

  it("the queue is told of a run that is put into it", async () => {
    const url = await fresh();
    const writer = await plan(url);
    const store = await open(url);
    const queued = heard();
    await store.watch?.("queue", queued.tell);
    await writer.write((tx) => tx.enqueueRun("r1", "2025-03-01T10:00:00.000Z"));
    await queued.promise;
  });

  it("is told again after its connection was cut, and once for what it may have missed", async () => {
    const url = await fresh();
    const writer = await plan(url);
    const store = await open(url);
    let next = heard();
    await store.watch?.({ runId: "r1" }, () => next.tell());
    await cluster.sql(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
    );
    await next.promise;
    next = heard();
    await writer.write((tx) => tx.updateRun("r1", { state: "running" }));
    await next.promise;
  });
});
