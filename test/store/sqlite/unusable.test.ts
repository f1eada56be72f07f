import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { appendNext, auditRow, planRow } from "../rows.ts";
import { startChild } from "../spawn.ts";
import { asReader, makeReadOnly, makeWritable } from "./read-only.ts";
import { freshPath, openStore } from "./samples.ts";

/** What was refused, and whether it says where, why and what to do. */
async function refusalOf(work: Promise<unknown>): Promise<PrepError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof PrepError)) throw new Error(`Not refused: ${String(thrown)}`);
  expect(thrown.hint).not.toBe("");
  return thrown;
}

function tamper(path: string, sql: string): void {
  const raw = new DatabaseSync(path);
  raw.exec(sql);
  raw.close();
}

/** A closed store with one audit row. */
async function storeWithOneRow(): Promise<string> {
  const store = await openStore();
  await store.write((tx) => appendNext(tx));
  await store.close();
  return store.place;
}

describe("a file that is no store of this program", () => {
  it("is refused when it is no database", async () => {
    const path = freshPath();
    mkdirSync(dirname(path));
    writeFileSync(path, "plain text, and enough of it to fill a header ".repeat(40));
    const refusal = await refusalOf(openStore(path));
    expect(refusal).toMatchObject({
      code: "STORE_UNUSABLE",
      retryable: false,
      found: { path, sqlite: { errcode: 26, message: "file is not a database" } },
    });
    expect(refusal.message).toContain(path);
    expect(refusal.hint).toContain("backup");
  });

  it("is refused when a newer atvm_prep made it, and left alone", async () => {
    const path = await storeWithOneRow();
    const raw = new DatabaseSync(path);
    const version = raw.prepare("PRAGMA user_version").get()?.["user_version"];
    raw.close();
    tamper(path, "PRAGMA user_version = 99");
    const refusal = await refusalOf(openStore(path));
    expect(refusal.code).toBe("STORE_UNUSABLE");
    expect(refusal.message).toContain("made by a newer atvm_prep (schema 99");
    tamper(path, `PRAGMA user_version = ${version}`);
    expect(await (await openStore(path)).read((tx) => tx.audit({}))).toEqual([auditRow(1)]);
  });

  it("is refused when another program made it", async () => {
    const path = freshPath();
    mkdirSync(dirname(path));
    tamper(path, "CREATE TABLE notes (text TEXT)");
    expect((await refusalOf(openStore(path))).message).toContain("database of another program");
  });

  it("is made a store when it is empty, as a crash during the making leaves it", async () => {
    const path = freshPath();
    mkdirSync(dirname(path));
    writeFileSync(path, "");
    expect(await (await openStore(path)).write((tx) => appendNext(tx))).toBe(1);
  });

  it("is refused when the path is a directory, or leads through a file", async () => {
    const path = freshPath();
    mkdirSync(path, { recursive: true });
    expect(await refusalOf(openStore(path))).toMatchObject({ code: "STORE_UNUSABLE", found: { path } });
    const file = freshPath();
    writeFileSync(dirname(file), "");
    expect(await refusalOf(openStore(file))).toMatchObject({ code: "STORE_UNUSABLE", found: { path: file } });
  });
});

describe("a damaged store", () => {
  it("says so when its pages are scribbled over", async () => {
    const path = await storeWithOneRow();
    const file = await open(path, "r+");
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size - 4096, 0x5a), 0, size - 4096, 4096);
    await file.close();
    const refusal = await refusalOf(openStore(path).then((store) => store.read((tx) => tx.audit({}))));
    expect(refusal).toMatchObject({ code: "STORE_UNUSABLE", found: { path, sqlite: { errcode: 11 } } });
  });

  it("names table and column of a row that this program did not write", async () => {
    const store = await openStore();
    await store.write((tx) => tx.insertPlan(planRow("p1")));
    tamper(store.place, "UPDATE plans SET state = 'approved'");
    expect(await refusalOf(store.read((tx) => tx.plan("p1")))).toMatchObject({
      code: "STORE_UNUSABLE",
      found: { table: "plans", columns: ["state"] },
    });
  });

  it("says so when a table or its id is gone", async () => {
    const path = await storeWithOneRow();
    tamper(path, "DROP TABLE signatures");
    const store = await openStore(path);
    expect(await refusalOf(store.read((tx) => tx.signatures("gold-1")))).toMatchObject({ code: "STORE_UNUSABLE" });
    tamper(path, "DELETE FROM meta");
    expect((await refusalOf(openStore(path))).message).toContain("its id is missing");
  });

  it("is not used on when the file was removed or replaced under it", async () => {
    const store = await openStore();
    renameSync(store.place, `${store.place}.old`);
    expect(await refusalOf(store.write((tx) => appendNext(tx)))).toMatchObject({ code: "STORE_UNUSABLE" });
    writeFileSync(store.place, "");
    expect(await refusalOf(store.read((tx) => tx.auditHead()))).toMatchObject({ code: "STORE_UNUSABLE" });
    rmSync(store.place);
    renameSync(`${store.place}.old`, store.place);
    expect(await store.write((tx) => appendNext(tx))).toBe(1);
  });
});

describe("a store that this account may only read", () => {
  it("is read; every write is refused, and no lock is given", async () => {
    const path = await storeWithOneRow();
    makeReadOnly(path);
    await asReader(async () => {
      const store = await openStore(path);
      expect(await store.read((tx) => tx.audit({}))).toEqual([auditRow(1)]);
      expect(await refusalOf(store.write((tx) => appendNext(tx)))).toMatchObject({
        code: "AUDIT_UNWRITABLE",
        found: { path },
      });
      expect(await refusalOf(store.recordHead({ at: "2025-03-01T10:00:00.000Z", seq: 1, hash: "h1" }))).toMatchObject({
        code: "AUDIT_UNWRITABLE",
      });
      expect(await refusalOf(store.tryLock({ exclusive: ["gold:1"] }))).toMatchObject({ code: "STORE_UNUSABLE" });
      await store.close();
    });
    makeWritable(path);
    expect(await (await openStore(path)).write((tx) => appendNext(tx))).toBe(2);
  });

  it("is read while another process writes it, opened before or after", async () => {
    const path = await storeWithOneRow();
    makeReadOnly(path);
    const early = await asReader(() => openStore(path));
    makeWritable(path);
    const writer = startChild(["stop-after-write", path]);
    await writer.until("written");
    makeReadOnly(path);
    await asReader(async () => {
      const late = await openStore(path);
      for (const store of [early, late]) {
        expect(await store.read((tx) => tx.audit({}))).toEqual([auditRow(1), auditRow(2)]);
        expect(await refusalOf(store.write((tx) => appendNext(tx)))).toMatchObject({ code: "AUDIT_UNWRITABLE" });
      }
    });
  });

  it("is refused where there is none yet", async () => {
    const path = freshPath();
    mkdirSync(dirname(path));
    makeReadOnly(path);
    expect(await asReader(() => refusalOf(openStore(path)))).toMatchObject({
      code: "STORE_UNUSABLE",
      found: { path, code: "EACCES" },
    });
  });
});
