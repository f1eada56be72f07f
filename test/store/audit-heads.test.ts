import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "./samples.ts";

const headsFile = (place: string): string => join(dirname(place), "audit-heads.log");

describe("the file of audit heads", () => {
  it("holds each head once, in order, for its owner alone, with the time", async () => {
    const now = new Date("2025-03-01T10:00:00.000Z");
    const store = await openStore(undefined, { clock: { now: () => now, sleep: async () => {} } });
    expect(await store.recordedHeads()).toEqual([]);
    await store.recordHead({ seq: 3, hash: "h3" });
    await Promise.all([1, 2, 3].map(() => store.recordHead({ seq: 5, hash: "h5" })));
    await store.recordHead({ seq: 3, hash: "h3" });
    expect(await store.recordedHeads()).toEqual([
      { seq: 3, hash: "h3" },
      { seq: 5, hash: "h5" },
    ]);
    expect(readFileSync(headsFile(store.place), "utf8")).toBe(
      '{"at":"2025-03-01T10:00:00.000Z","seq":3,"hash":"h3"}\n{"at":"2025-03-01T10:00:00.000Z","seq":5,"hash":"h5"}\n',
    );
    expect(statSync(headsFile(store.place)).mode & 0o777).toBe(0o600);
  });

  it("keeps a second head of one number: that the chain was rewritten must be seen", async () => {
    const store = await openStore();
    await store.recordHead({ seq: 3, hash: "h3" });
    await store.recordHead({ seq: 3, hash: "other" });
    expect(await store.recordedHeads()).toHaveLength(2);
  });

  it("knows a head that another process recorded", async () => {
    const store = await openStore();
    await store.recordHead({ seq: 1, hash: "h1" });
    appendFileSync(headsFile(store.place), '{"seq":2,"hash":"h2"}\n');
    await store.recordHead({ seq: 2, hash: "h2" });
    expect(await store.recordedHeads()).toHaveLength(2);
  });

  it("goes on after a line that a crash has torn", async () => {
    const store = await openStore();
    await store.recordHead({ seq: 1, hash: "h1" });
    appendFileSync(headsFile(store.place), '{"at":"2025-03-01T1');
    await store.recordHead({ seq: 2, hash: "h2" });
    await store.recordHead({ seq: 3, hash: "h3" });
    expect((await store.recordedHeads()).map((head) => head.seq)).toEqual([1, 2, 3]);
  });

  it("records again what was cut off or removed", async () => {
    const store = await openStore();
    await store.recordHead({ seq: 1, hash: "h1" });
    truncateSync(headsFile(store.place), 0);
    await store.recordHead({ seq: 1, hash: "h1" });
    expect(await store.recordedHeads()).toHaveLength(1);
    rmSync(headsFile(store.place));
    await store.recordHead({ seq: 1, hash: "h1" });
    expect(await store.recordedHeads()).toHaveLength(1);
  });

  it("is AUDIT_UNWRITABLE where it cannot be written, STORE_UNUSABLE where it cannot be read", async () => {
    const store = await openStore();
    mkdirSync(headsFile(store.place));
    await expect(store.recordHead({ seq: 1, hash: "h1" })).rejects.toMatchObject({
      code: "AUDIT_UNWRITABLE",
      found: { path: headsFile(store.place), code: "EISDIR" },
    });
    await expect(store.recordedHeads()).rejects.toMatchObject({ code: "STORE_UNUSABLE" });
  });
});
