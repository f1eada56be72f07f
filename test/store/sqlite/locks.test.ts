import { readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { locksContract } from "../contract/locks.ts";
import { asReader, makeReadOnly } from "./read-only.ts";
import { openStore, SQLITE } from "./samples.ts";

locksContract(SQLITE);

describe("locks in files", () => {
  it("have a file each, for their owner alone", async () => {
    const store = await openStore();
    for (const name of [
      "client:a/b",
      "client:a b",
      "client:a",
      "../client:a",
      `${"x".repeat(300)}1`,
      `${"x".repeat(300)}2`,
    ]) {
      expect(await store.tryLock({ exclusive: [name] }), name).toBeDefined();
    }
    const files = readdirSync(join(dirname(store.place), "locks"));
    expect(files).toHaveLength(6);
    expect(statSync(join(dirname(store.place), "locks")).mode & 0o777).toBe(0o700);
    expect(statSync(join(dirname(store.place), "locks", files[0] ?? "")).mode & 0o777).toBe(0o600);
  });

  it("know when their file was taken away", async () => {
    const store = await openStore();
    const lock = await store.tryLock({ exclusive: ["gold:1"] });
    const directory = join(dirname(store.place), "locks");
    renameSync(directory, `${directory}-away`);
    expect(await lock?.stillHeld()).toBe(false);
  });

  it("are not thought held where their file cannot be written", async () => {
    const store = await openStore();
    await (await store.tryLock({ exclusive: ["gold:1"] }))?.release();
    makeReadOnly(store.place);
    await asReader(async () => {
      await expect(store.tryLock({ exclusive: ["gold:1"] })).rejects.toMatchObject({ code: "STORE_UNUSABLE" });
    });
  });
});
