/** A write of every store: all of it or nothing, one after the other. */
import { describe, expect, it } from "vitest";
import type { Store, StoreWriter } from "../../../src/core/ports/store.ts";
import { appendNext, auditRow, planRow } from "../rows.ts";
import type { StoreKind } from "./kind.ts";

const countRows = (store: Store): Promise<number> => store.read(async (tx) => (await tx.audit({})).length);

export function writesContract(kind: StoreKind): void {
  describe("a write", () => {
    it("takes effect as a whole, and is seen inside before it is seen outside", async () => {
      const store = await kind.open();
      await store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        await appendNext(tx);
        expect(await tx.plan("p1")).toBeDefined();
        expect(await store.read((outside) => outside.plan("p1"))).toBeUndefined();
      });
      expect(await store.read((tx) => tx.plan("p1"))).toBeDefined();
    });

    it("leaves nothing when its work throws, and hands the error on as it is", async () => {
      const store = await kind.open();
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
      const store = await kind.open();
      const write = store.write(async (tx) => {
        await appendNext(tx);
        await tx.appendAudit(auditRow(9)).catch(() => {});
        await expect(tx.auditHead()).rejects.toThrow("a row follows the newest");
      });
      await expect(write).rejects.toThrow("a row follows the newest");
      expect(await countRows(store)).toBe(0);
    });

    it("waits for the one before it", async () => {
      const store = await kind.open();
      const seqs = await Promise.all(Array.from({ length: 20 }, () => store.write((tx) => appendNext(tx))));
      expect(seqs).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    });

    it("gives a handle that is of no use after its end", async () => {
      const store = await kind.open();
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

  describe("closing", () => {
    it("lets the writes that were asked for through, can be repeated, and ends the use", async () => {
      const path = await kind.fresh();
      const store = await kind.open(path);
      const last = store.write((tx) => appendNext(tx));
      await Promise.all([store.close(), store.close()]);
      expect(await last).toBe(1);
      await store.close();
      await expect(store.write((tx) => appendNext(tx))).rejects.toThrow("is closed");
      await expect(store.read((tx) => tx.auditHead())).rejects.toThrow("is closed");
      await expect(store.tryLock({ exclusive: ["gold:1"] })).rejects.toThrow("is closed");
      expect(await countRows(await kind.open(path))).toBe(1);
    });
  });
}
