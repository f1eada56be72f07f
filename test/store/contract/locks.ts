/** Locks of every store: held by the living, whoever they are. */
import { describe, expect, it, vi } from "vitest";
import { startChild } from "../spawn.ts";
import type { StoreKind } from "./kind.ts";

export function locksContract(kind: StoreKind): void {
  describe("locks", () => {
    it("that are shared let each other in, and keep an exclusive one out, in this process and another", async () => {
      const path = await kind.fresh();
      const [one, other] = [await kind.open(path), await kind.open(path)];
      const first = await one.tryLock({ exclusive: ["client:1"], shared: ["gold:1"] });
      const second = await other.tryLock({ exclusive: ["client:2"], shared: ["gold:1"] });
      expect([await first?.stillHeld(), await second?.stillHeld()]).toEqual([true, true]);
      await startChild(["lock", path, "gold:1"]).until("refused");
      const reader = startChild(["share", path, "gold:1"]);
      await reader.until("held");
      await first?.release();
      expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
      await second?.release();
      expect(await one.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
      await reader.kill();
      await vi.waitFor(async () => expect(await one.tryLock({ exclusive: ["gold:1"] })).toBeDefined());
      expect(await other.tryLock({ exclusive: [], shared: ["gold:1"] })).toBeUndefined();
    });

    it("exclude a second holder in the same store and in another on the same file", async () => {
      const path = await kind.fresh();
      const [one, other] = [await kind.open(path), await kind.open(path)];
      const lock = await one.tryLock({ exclusive: ["gold:1"] });
      expect(lock).toBeDefined();
      expect(await one.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
      expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
      expect(await lock?.stillHeld()).toBe(true);
      await lock?.release();
      expect(await lock?.stillHeld()).toBe(false);
      expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeDefined();
    });

    it("are taken all or none", async () => {
      const store = await kind.open();
      const middle = await store.tryLock({ exclusive: ["b"] });
      expect(await store.tryLock({ exclusive: ["c", "b", "a"] })).toBeUndefined();
      const rest = await store.tryLock({ exclusive: ["a", "c"] });
      expect(rest).toBeDefined();
      await middle?.release();
      await rest?.release();
      expect(await store.tryLock({ exclusive: ["a", "b", "c", "a"] })).toBeDefined();
    });

    it("of several callers at once go to exactly one", async () => {
      const path = await kind.fresh();
      const stores = await Promise.all([1, 2, 3, 4].map(() => kind.open(path)));
      const locks = await Promise.all(stores.map((store) => store.tryLock({ exclusive: ["gold:1", "client:1"] })));
      expect(locks.filter((lock) => lock !== undefined)).toHaveLength(1);
    });

    it("of several processes at once go to exactly one", { timeout: 60_000 }, async () => {
      const path = await kind.fresh();
      await kind.open(path);
      const children = [1, 2, 3].map(() => startChild(["lock", path, "gold:1"]));
      await Promise.all(children.map((child) => child.until("opened")));
      const answers = await Promise.all(children.map((child) => child.line()));
      expect(answers.sort()).toEqual(["held", "refused", "refused"]);
    });

    it("are freed with a process that is killed, and held by one that is stopped", async () => {
      const path = await kind.fresh();
      const store = await kind.open(path);
      const child = startChild(["lock", path, "gold:1,client:1"]);
      await child.until("held");
      expect(await store.tryLock({ exclusive: ["client:1"] })).toBeUndefined();
      child.process.kill("SIGSTOP");
      expect(await store.tryLock({ exclusive: ["gold:1"] })).toBeUndefined();
      await child.kill();
      // A server needs a moment to notice; the operating system does not.
      await vi.waitFor(async () => expect(await store.tryLock({ exclusive: ["gold:1", "client:1"] })).toBeDefined());
    });

    it("are freed by closing the store", async () => {
      const path = await kind.fresh();
      const [one, other] = [await kind.open(path), await kind.open(path)];
      const lock = await one.tryLock({ exclusive: ["gold:1"] });
      await one.close();
      expect(await lock?.stillHeld()).toBe(false);
      expect(await other.tryLock({ exclusive: ["gold:1"] })).toBeDefined();
    });

    it("of different names do not meet, however alike the names look", async () => {
      const store = await kind.open();
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
    });
  });
}
