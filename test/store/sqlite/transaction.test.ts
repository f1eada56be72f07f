import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/core/ports/runtime.ts";
import type { Store, StoreWriter } from "../../../src/core/ports/store.ts";
import { Connection } from "../../../src/store/sqlite/connection.ts";
import { writeFailure } from "../../../src/store/sqlite/errors.ts";
import { migrate } from "../../../src/store/sqlite/schema.ts";
import { transactionOn } from "../../../src/store/sqlite/transaction.ts";
import { appendNext, auditRow, planRow } from "./rows.ts";
import { freshPath, openStore } from "./samples.ts";

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

describe("a write", () => {
  it("takes effect as a whole, and is seen inside before it is seen outside", async () => {
    const store = await openStore();
    await store.write(async (tx) => {
      await tx.insertPlan(planRow("p1"));
      await appendNext(tx);
      expect(await tx.plan("p1")).toBeDefined();
      expect(await store.read((outside) => outside.plan("p1"))).toBeUndefined();
    });
    expect(await store.read((tx) => tx.plan("p1"))).toBeDefined();
  });

  it("leaves nothing when its work throws, and hands the error on as it is", async () => {
    const store = await openStore();
    const refusal = new Error("thought better of it");
    const write = store.write(async (tx) => {
      await appendNext(tx);
      throw refusal;
    });
    await expect(write).rejects.toBe(refusal);
    expect(await countRows(store)).toBe(0);
    expect(await store.write(async (tx) => await appendNext(tx))).toBe(1);
  });

  it("leaves nothing when one of its statements failed, even if the work went on", async () => {
    const store = await openStore();
    const write = store.write(async (tx) => {
      await appendNext(tx);
      await tx.appendAudit(auditRow(9)).catch(() => {});
      await expect(tx.auditHead()).rejects.toThrow("a row follows the newest");
    });
    await expect(write).rejects.toThrow("a row follows the newest");
    expect(await countRows(store)).toBe(0);
  });

  it("waits for the one before it", async () => {
    const store = await openStore();
    const seqs = await Promise.all(Array.from({ length: 20 }, () => store.write((tx) => appendNext(tx))));
    expect(seqs).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it("gives a handle that is of no use after its end", async () => {
    const store = await openStore();
    const kept: StoreWriter[] = [];
    await store.write(async (tx) => {
      kept.push(tx);
    });
    await store
      .write(async (tx) => {
        kept.push(tx);
        throw new Error("no");
      })
      .catch(() => {});
    expect(kept).toHaveLength(2);
    for (const tx of kept) {
      await expect(tx.appendAudit(auditRow(1))).rejects.toThrow("This transaction is over");
      await expect(tx.auditHead()).rejects.toThrow("This transaction is over");
    }
  });
});

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
    const { writer, end } = transactionOn(connection);
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

describe("closing", () => {
  it("lets the writes that were asked for through, can be repeated, and ends the use", async () => {
    const path = freshPath();
    const store = await openStore(path);
    const last = store.write((tx) => appendNext(tx));
    await Promise.all([store.close(), store.close()]);
    expect(await last).toBe(1);
    await store.close();
    await expect(store.write((tx) => appendNext(tx))).rejects.toThrow("is closed");
    await expect(store.read((tx) => tx.auditHead())).rejects.toThrow("is closed");
    await expect(store.tryLock({ exclusive: ["gold:1"] })).rejects.toThrow("is closed");
    expect(await countRows(await openStore(path))).toBe(1);
  });
});
