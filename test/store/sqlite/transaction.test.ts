import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/core/ports/runtime.ts";
import type { Store } from "../../../src/core/ports/store.ts";
import { Connection, runnerOn } from "../../../src/store/sqlite/connection.ts";
import { writeFailure } from "../../../src/store/sqlite/errors.ts";
import { migrate } from "../../../src/store/sqlite/schema.ts";
import { transactionOn } from "../../../src/store/transaction.ts";
import { writesContract } from "../contract/writes.ts";
import { appendNext, auditRow } from "../rows.ts";
import { freshPath, openStore, SQLITE } from "./samples.ts";

const countRows = (store: Store): Promise<number> => store.read(async (tx) => (await tx.audit({})).length);

/** Sleeps take no time; `onSleep` is told how many there were. */
function quickClock(onSleep: (count: number, ms: number) => void): Clock {
  let count = 0;
  return {
    now: () => new Date(),
    elapsed: () => 0,
    sleep: async (ms) => {
      count += 1;
      onSleep(count, ms);
    },
  };
}

writesContract(SQLITE);

describe("a store that another process holds", () => {
  it("is waited for", async () => {
    const path = freshPath();
    await (await openStore(path)).close();
    const other = new DatabaseSync(path);
    const store = await openStore(path, {
      clock: quickClock((count) => {
        if (count === 3) other.exec("COMMIT");
      }),
    });
    other.exec("BEGIN IMMEDIATE");
    expect(await store.write((tx) => appendNext(tx))).toBe(1);
    other.close();
  });

  it("is given up on after the limit, retryably, and nothing was done", async () => {
    const path = freshPath();
    const slept: number[] = [];
    const store = await openStore(path, { busyMs: 1000, clock: quickClock((_, ms) => slept.push(ms)) });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    let worked = false;
    const write = store.write(async () => {
      worked = true;
    });
    await expect(write).rejects.toMatchObject({ code: "STORE_UNUSABLE", retryable: true, found: { path } });
    expect(worked).toBe(false);
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(1000);
    other.close();
    expect(await store.write((tx) => appendNext(tx))).toBe(1);
  });

  it("can be read meanwhile", async () => {
    const path = freshPath();
    const store = await openStore(path, { clock: quickClock(() => expect.unreachable("nothing to wait for")) });
    await store.write((tx) => appendNext(tx));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    expect(await countRows(store)).toBe(1);
    other.close();
  });
});

describe("a full disk", () => {
  it("ends the transaction, also where SQLite has rolled it back by itself", async () => {
    const path = freshPath();
    mkdirSync(dirname(path));
    const connection = new Connection(path, "write");
    migrate(connection);
    connection.exec(`PRAGMA max_page_count = ${connection.number("PRAGMA page_count") + 2}; BEGIN IMMEDIATE`);
    const { writer, end } = transactionOn(runnerOn(connection));
    await writer.appendAudit(auditRow(1));
    const tooMuch = writer.appendAudit(auditRow(2, { data: "x".repeat(100_000) }));
    await expect(tooMuch).rejects.toThrow("database or disk is full");
    await expect(writer.appendAudit(auditRow(3))).rejects.toThrow("database or disk is full");
    const failure = end();
    expect(writeFailure(path, failure?.thrown)).toMatchObject({
      code: "AUDIT_UNWRITABLE",
      found: { path, sqlite: { errcode: 13 } },
      hint: expect.stringContaining("room"),
    });
    connection.close();
  });
});
