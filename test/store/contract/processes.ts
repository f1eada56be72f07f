/** Several processes on one store, of which one is killed. */
import { describe, expect, it } from "vitest";
import { appendNext } from "../rows.ts";
import { startChild } from "../spawn.ts";
import type { StoreKind } from "./kind.ts";

export function processesContract(kind: StoreKind): void {
  describe("several processes on one store", () => {
    it("make it together and append without a gap, a lost row or a warning", { timeout: 60_000 }, async () => {
      const path = await kind.fresh();
      const children = [1, 2, 3, 4].map(() => startChild(["append", path, "40"]));
      const ids = await Promise.all(children.map((child) => child.until("opened")));
      expect(new Set(ids).size).toBe(1);
      await Promise.all(children.map((child) => child.until("appended")));
      expect(await Promise.all(children.map((child) => child.stderr()))).toEqual(["", "", "", ""]);

      const rows = await (await kind.open(path)).read((tx) => tx.audit({}));
      expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 160 }, (_, index) => index + 1));
      for (const child of children) {
        expect(rows.filter((row) => row.actor === `pid:${child.process.pid}`)).toHaveLength(40);
      }
    });

    it("see what another has committed, at once", async () => {
      const path = await kind.fresh();
      const store = await kind.open(path);
      expect(await store.read((tx) => tx.auditHead())).toBeUndefined();
      await startChild(["stop-after-write", path]).until("written");
      expect((await store.read((tx) => tx.auditHead()))?.seq).toBe(1);
    });

    it("do not see what another has not committed, and can still read", async () => {
      const path = await kind.fresh();
      const store = await kind.open(path);
      await startChild(["stop-in-write", path]).until("written");
      expect(await store.read((tx) => tx.audit({}))).toEqual([]);
    });
  });

  describe("a process that is killed", () => {
    it("in the middle of a transaction leaves nothing of it, and the store free", async () => {
      const path = await kind.fresh();
      const child = startChild(["stop-in-write", path]);
      await child.until("written");
      await child.kill();
      const store = await kind.open(path);
      expect(await store.read((tx) => tx.audit({}))).toEqual([]);
      expect(await store.write((tx) => appendNext(tx))).toBe(1);
    });

    it("after its commit leaves the commit", async () => {
      const path = await kind.fresh();
      const child = startChild(["stop-after-write", path]);
      await child.until("written");
      await child.kill();
      const store = await kind.open(path);
      expect(await store.write((tx) => appendNext(tx))).toBe(2);
    });
  });
}
