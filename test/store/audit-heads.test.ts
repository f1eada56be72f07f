import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuditHead } from "../../src/core/ports/store.ts";
import { auditHeads } from "../../src/store/audit-heads.ts";
import { openStore } from "./sqlite/samples.ts";

const at = "2025-03-01T10:00:00.000Z";
const head = (seq: number, hash: string): AuditHead => ({ at, seq, hash });
const headsFile = (place: string): string => join(dirname(place), "audit-heads.log");

describe("the file of audit heads", () => {
  it("holds each head once, in order, for its owner alone, with the row's time", async () => {
    const store = await openStore();
    expect(await store.recordedHeads()).toEqual([]);
    await store.recordHead(head(3, "h3"));
    await Promise.all([1, 2, 3].map(() => store.recordHead(head(5, "h5"))));
    await store.recordHead(head(3, "h3"));
    expect(await store.recordedHeads()).toEqual([head(3, "h3"), head(5, "h5")]);
    const name = basename(store.place);
    const lines = [
      { at, store: name, seq: 3, hash: "h3" },
      { at, store: name, seq: 5, hash: "h5" },
    ];
    expect(readFileSync(headsFile(store.place), "utf8")).toBe(
      lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    expect(statSync(headsFile(store.place)).mode & 0o777).toBe(0o600);
  });

  it("keeps a second head of one number: that the chain was rewritten must be seen", async () => {
    const store = await openStore();
    await store.recordHead(head(3, "h3"));
    await store.recordHead(head(3, "other"));
    expect(await store.recordedHeads()).toHaveLength(2);
  });

  it("a long file is not read through for a head that stands far up in it", async () => {
    const store = await openStore();
    await store.recordHead(head(1, "h1"));
    const name = basename(store.place);
    const line = (seq: number) =>
      `${JSON.stringify({ at: "2025-03-01T10:00:00.000Z", store: name, seq, hash: `h${seq}` })}\n`;
    appendFileSync(headsFile(store.place), Array.from({ length: 2_000 }, (_, i) => line(i + 2)).join(""));
    await store.close();
    const again = await openStore(store.place);
    await again.recordHead(head(2_001, "h2001"));
    await again.recordHead(head(2, "h2"));
    const heads = (await again.recordedHeads()).map(({ seq }) => seq);
    expect(heads.slice(-2)).toEqual([2_001, 2]);
    expect(heads).toHaveLength(2_002);
  });

  it("a store that goes on for long keeps no more heads in mind than one that was opened now", async () => {
    const store = await openStore();
    await store.recordHead(head(1, "h1"));
    const name = basename(store.place);
    const later = Array.from({ length: 2_000 }, (_, i) =>
      JSON.stringify({ at, store: name, seq: i + 2, hash: "later" }),
    );
    appendFileSync(headsFile(store.place), later.map((line) => `${line}\n`).join(""));
    await store.recordHead(head(2_001, "later"));
    await store.recordHead(head(1, "h1"));
    const heads = (await store.recordedHeads()).map(({ seq }) => seq);
    expect(heads.slice(-2)).toEqual([2_001, 1]);
    expect(heads).toHaveLength(2_002);
  });

  it("tells whether a store has one, past torn lines and the heads of others", async () => {
    const store = await openStore();
    const path = headsFile(store.place);
    const heads = auditHeads(path, "a store of its own");
    expect(await heads.any()).toBe(false);
    await store.recordHead(head(1, "of another"));
    appendFileSync(path, '{"at":"2025-03-01T10:00:00.000Z","sto\n');
    expect(await heads.any()).toBe(false);
    await heads.record(head(1, "h1"));
    expect(await heads.any()).toBe(true);
  });

  it("two stores in one folder have heads and locks of their own", async () => {
    const one = await openStore();
    const beside = await openStore(join(dirname(one.place), "beside.db"));
    await one.recordHead(head(1, "of one"));
    await beside.recordHead(head(1, "of the other"));
    expect(await one.recordedHeads()).toEqual([head(1, "of one")]);
    expect(await beside.recordedHeads()).toEqual([head(1, "of the other")]);
    const held = await one.tryLock({ exclusive: ["family-vol-1"] });
    expect(held).toBeDefined();
    expect(await beside.tryLock({ exclusive: ["family-vol-1"] })).toBeDefined();
    expect(await one.tryLock({ exclusive: ["family-vol-1"] })).toBeUndefined();
  });

  it("knows a head that another process recorded", async () => {
    const store = await openStore();
    await store.recordHead(head(1, "h1"));
    const other = { at, store: basename(store.place), seq: 2, hash: "h2" };
    appendFileSync(headsFile(store.place), `${JSON.stringify(other)}\n`);
    await store.recordHead(head(2, "h2"));
    expect(await store.recordedHeads()).toHaveLength(2);
  });

  it("goes on after a line that a crash has torn", async () => {
    const store = await openStore();
    await store.recordHead(head(1, "h1"));
    appendFileSync(headsFile(store.place), '{"at":"2025-03-01T1');
    await store.recordHead(head(2, "h2"));
    await store.recordHead(head(3, "h3"));
    expect((await store.recordedHeads()).map((head) => head.seq)).toEqual([1, 2, 3]);
  });

  it("records again what was cut off or removed", async () => {
    const store = await openStore();
    await store.recordHead(head(1, "h1"));
    truncateSync(headsFile(store.place), 0);
    await store.recordHead(head(1, "h1"));
    expect(await store.recordedHeads()).toHaveLength(1);
    rmSync(headsFile(store.place));
    await store.recordHead(head(1, "h1"));
    expect(await store.recordedHeads()).toHaveLength(1);
  });

  it("is AUDIT_UNWRITABLE where it cannot be written, STORE_UNUSABLE where it cannot be read", async () => {
    const store = await openStore();
    mkdirSync(headsFile(store.place));
    await expect(store.recordHead(head(1, "h1"))).rejects.toMatchObject({
      code: "AUDIT_UNWRITABLE",
      found: { path: headsFile(store.place), code: "EISDIR" },
    });
    await expect(store.recordedHeads()).rejects.toMatchObject({ code: "STORE_UNUSABLE" });
  });
});
