/** What is removed from a store with age, and what stays whatever its age. */
import { describe, expect, it } from "vitest";
import type { Removal, Store } from "../../../src/core/ports/store.ts";
import { appendNext, planRow, runRow } from "../rows.ts";
import type { StoreKind } from "./kind.ts";

const OLD = "2025-01-01T10:00:00.000Z";
const BEFORE = "2025-02-01T00:00:00.000Z";
const YOUNG = "2025-02-01T00:00:00.000Z";

/** Ended runs with their plans, in the order of the list. */
type Ended = { id: string; endedAt?: string; gold?: string; client?: string; origin?: string };

async function put(store: Store, runs: readonly Ended[]): Promise<void> {
  await store.write(async (tx) => {
    for (const { id, endedAt, gold = "gold-1", client = "client-1", origin = id } of runs) {
      await tx.insertPlan(planRow(`plan-${id}`, { expiresAt: OLD, state: "redeemed", runId: id }));
      const ended = endedAt === undefined ? {} : { state: "succeeded" as const, endedAt };
      await tx.insertRun(runRow(id, `plan-${id}`, { goldId: gold, clientId: client, originId: origin, ...ended }));
      await tx.putStep({ runId: id, seq: 1, stepId: "assign", state: "done" });
      await tx.enqueueRun(id, OLD);
      await tx.insertChallenge({ id: `c-${id}`, planId: `plan-${id}`, principal: "p", expiresAt: OLD, used: true });
    }
  });
}

export function retentionContract(kind: StoreKind): void {
  describe("what is old", () => {
    const remove = (store: Store, which: Partial<Removal> = {}) =>
      store.write((tx) => tx.removeOld({ before: BEFORE, newestRuns: 0, throughSeq: 0, ...which }));
    const left = (store: Store): Promise<string[]> =>
      store.read(async (tx) => (await tx.runs({})).map(({ id }) => id).toReversed());

    it("goes with all that belongs to it; a run that goes on stays, and one that ended on the day", async () => {
      const store = await kind.open();
      await put(store, [{ id: "old", endedAt: OLD }, { id: "young", endedAt: YOUNG }, { id: "live" }]);
      const all = { steps: 1, queue: 1, runs: 1, challenges: 1, plans: 1, tokens: 0, passes: 0, audit: 0 };
      expect(await remove(store)).toEqual(all);
      expect(await left(store)).toEqual(["young", "live"]);
      await store.read(async (tx) => {
        expect(await tx.plan("plan-old")).toBeUndefined();
        expect(await tx.steps("old")).toEqual([]);
        expect(await tx.queued("old")).toBeUndefined();
        expect(await tx.challenge("c-old")).toBeUndefined();
        expect(await tx.plan("plan-young")).toBeDefined();
        expect(await tx.steps("young")).toHaveLength(1);
        expect(await tx.queued("live")).toBeDefined();
        expect(await tx.challenge("c-live")).toBeDefined();
      });
    });

    it("stays where it is among the newest runs of its gold volume or of its client", async () => {
      const store = await kind.open();
      await put(store, [
        { id: "first", endedAt: OLD },
        { id: "of-gold-2", endedAt: OLD, gold: "gold-2" },
        { id: "of-client-2", endedAt: OLD, client: "client-2" },
        { id: "newest", endedAt: OLD },
      ]);
      await remove(store, { newestRuns: 1 });
      expect(await left(store)).toEqual(["of-gold-2", "of-client-2", "newest"]);
      await remove(store, { newestRuns: 0 });
      expect(await left(store)).toEqual([]);
    });

    it("stays as long as a run of its chain of resumes does", async () => {
      const store = await kind.open();
      await put(store, [
        { id: "r1", endedAt: OLD },
        { id: "r2", endedAt: YOUNG, origin: "r1" },
        { id: "r3", endedAt: OLD },
        { id: "r4", endedAt: OLD, origin: "r3" },
      ]);
      await remove(store);
      expect(await left(store)).toEqual(["r1", "r2"]);
    });

    it("is a plan that never ran, by its end; a token or a pass, by its own", async () => {
      const store = await kind.open();
      const token = { id: "old", name: "a", role: "viewer" as const, hash: "h1", createdBy: "c", createdAt: OLD };
      const pass = { id: "old", kind: "link" as const, hash: "h1", principal: "p", role: "viewer" as const };
      await store.write(async (tx) => {
        for (const state of ["open", "discarded", "stale"] as const)
          await tx.insertPlan(planRow(state, { state, expiresAt: OLD }));
        await tx.insertPlan(planRow("young", { expiresAt: YOUNG }));
        await tx.insertAccessToken({ ...token, expiresAt: OLD });
        await tx.insertAccessToken({ ...token, id: "young", hash: "h2", expiresAt: YOUNG });
        await tx.insertConsolePass({ ...pass, createdAt: OLD, expiresAt: OLD });
        await tx.insertConsolePass({ ...pass, id: "young", hash: "h2", createdAt: OLD, expiresAt: YOUNG });
      });
      expect(await remove(store)).toMatchObject({ plans: 3, tokens: 1, passes: 1 });
      await store.read(async (tx) => {
        expect((await tx.plans({})).map(({ id }) => id)).toEqual(["young"]);
        expect((await tx.accessTokens()).map(({ id }) => id)).toEqual(["young"]);
        expect(await tx.consolePass("h2")).toBeDefined();
      });
    });

    it("goes from the audit only up to where a row of the audit says that it is cut, whoever removes it", async () => {
      const place = await kind.fresh();
      const store = await kind.open(place);
      await store.write(async (tx) => {
        for (let row = 0; row < 5; row += 1) await appendNext(tx, { at: OLD });
        await appendNext(tx, { type: "audit_cut", data: '{"through":3}' });
      });
      await expect(remove(store, { throughSeq: 4 })).rejects.toThrow("no row is deleted");
      await expect(kind.tamper(place, "DELETE FROM audit WHERE seq = 4")).rejects.toThrow("no row is deleted");
      expect(await remove(store, { throughSeq: 3 })).toMatchObject({ audit: 3 });
      expect((await store.read((tx) => tx.audit({}))).map(({ seq }) => seq)).toEqual([4, 5, 6]);
      expect(await store.write((tx) => appendNext(tx))).toBe(7);
    });
  });
}
