import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { retentionContract } from "../contract/retention.ts";
import { rowsContract } from "../contract/rows.ts";
import { appendNext, auditRow } from "../rows.ts";
import { freshPath, openStore, SQLITE } from "./samples.ts";

rowsContract(SQLITE);
retentionContract(SQLITE);

describe("the embedded store", () => {
  it("makes file and directory for their owner alone, and keeps its id", async () => {
    const path = freshPath();
    const store = await openStore(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(store.place).toBe(path);
    expect(store.id).toMatch(/^[0-9a-f]{32}$/);
    await store.close();
    expect((await openStore(path)).id).toBe(store.id);
    expect((await openStore()).id).not.toBe(store.id);
  });

  it("gives the WAL beside it the same rights", async () => {
    const path = freshPath();
    const store = await openStore(path);
    await store.write((tx) => appendNext(tx));
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});

describe("the audit table in a file", () => {
  it("takes no replacement", async () => {
    const path = freshPath();
    const store = await openStore(path);
    await store.write(async (tx) => {
      await appendNext(tx);
      await appendNext(tx);
    });
    const raw = new DatabaseSync(path);
    expect(() => raw.exec("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2")).toThrow("append-only");
    raw.close();
    expect(await store.read((tx) => tx.audit({}))).toEqual([auditRow(1), auditRow(2)]);
  });
});
