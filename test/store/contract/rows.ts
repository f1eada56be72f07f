/** What every store keeps, and how it gives it back. */
import { describe, expect, it } from "vitest";
import { appendNext, auditRow, planRow, runRow } from "../rows.ts";
import type { StoreKind } from "./kind.ts";

export function rowsContract(kind: StoreKind): void {
  describe("the rows", () => {
    it("gives plans back as they were put in, absent members absent", async () => {
      const store = await kind.open();
      const bare = planRow("p1");
      const full = planRow("p2", {
        state: "stale",
        createdAt: "2025-03-01T11:00:00.000Z",
        diff: "[]",
        freshPlanId: "p3",
        approvedBy: "os:eve",
        approvedChannel: "cli",
        approvedAt: "2025-03-01T11:05:00.000Z",
      });
      await store.write(async (tx) => {
        await tx.insertPlan(bare);
        await tx.insertPlan(full);
      });
      await store.read(async (tx) => {
        expect(await tx.plan("p1")).toStrictEqual(bare);
        expect(await tx.planByTokenHash("hash-of-p2")).toStrictEqual(full);
        expect(await tx.plan("p9")).toBeUndefined();
        expect(await tx.plans({})).toStrictEqual([full, bare]);
        expect(await tx.plans({ limit: 1 })).toStrictEqual([full]);
        expect(await tx.plans({ state: "open", principal: "os:ops", goldId: "gold-1", clientId: "client-1" })).toEqual([
          bare,
        ]);
        expect(await tx.plans({ clientId: "client-2" })).toEqual([]);
      });
    });

    it("refuses a second plan with the same token", async () => {
      const store = await kind.open();
      const twice = store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        await tx.insertPlan(planRow("p2", { tokenHash: "hash-of-p1" }));
      });
      await expect(twice).rejects.toThrow(/unique/i);
      expect(await store.read((tx) => tx.plans({}))).toEqual([]);
    });

    it("changes what an update names and leaves the rest", async () => {
      const store = await kind.open();
      await store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        await tx.updatePlan("p1", { state: "redeemed", runId: "r1" });
        await tx.insertRun(runRow("r1", "p1"));
        await tx.updateRun("r1", { cancelRequested: true, next: '["look"]' });
        await tx.updateRun("r1", {});
      });
      await store.read(async (tx) => {
        expect(await tx.plan("p1")).toStrictEqual(planRow("p1", { state: "redeemed", runId: "r1" }));
        expect(await tx.run("r1")).toStrictEqual(runRow("r1", "p1", { cancelRequested: true, next: '["look"]' }));
      });
    });

    it("does not pass over an update of a row that is not there", async () => {
      const store = await kind.open();
      await expect(store.write((tx) => tx.updatePlan("p1", { state: "obsolete" }))).rejects.toThrow("no row p1");
    });

    it("keeps a run from belonging to no plan", async () => {
      const store = await kind.open();
      await expect(store.write((tx) => tx.insertRun(runRow("r1", "p1")))).rejects.toThrow(/foreign key/i);
      expect(await store.read((tx) => tx.run("r1"))).toBeUndefined();
    });

    it("keeps texts that read as numbers as texts", async () => {
      const store = await kind.open();
      const plan = planRow("20261128", {
        binding: "9007199254740993",
        goldId: "600e12",
        clientId: "007",
        digest: "1.0",
      });
      await store.write((tx) => tx.insertPlan(plan));
      expect(await store.read((tx) => tx.plan("20261128"))).toStrictEqual(plan);
      expect(await store.read((tx) => tx.plan("20261128.0"))).toBeUndefined();
    });

    it("has nothing under a name with a NUL or half a character", async () => {
      const store = await kind.open();
      await store.write((tx) => tx.insertPlan(planRow("p1")));
      for (const name of ["p1\0", "\0", "p1\ud83d"]) {
        const found = await store.read(async (tx) => [
          await tx.plan(name),
          await tx.run(name),
          ...(await tx.runs({ lunName: name, clientName: name })),
          ...(await tx.audit({ planId: name, runId: name })),
        ]);
        expect(found).toEqual([undefined, undefined]);
      }
    });

    it("calls a number damaged that a double does not hold, and hands none on rounded", async () => {
      const place = await kind.fresh();
      const store = await kind.open(place);
      await kind.tamper(
        place,
        "INSERT INTO audit (seq, at, type, actor, channel, data, prev, hash) VALUES (9007199254740993, '', '', '', '', '{}', '', '')",
      );
      await expect(store.read((tx) => tx.audit({}))).rejects.toMatchObject({ code: "STORE_UNUSABLE" });
      await expect(store.read((tx) => tx.auditHead())).rejects.toMatchObject({ code: "STORE_UNUSABLE" });
    });

    it("lists runs newest first, by any of the filters", async () => {
      const store = await kind.open();
      const at = (minute: number): string => `2025-03-01T10:0${minute}:00.000Z`;
      await store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        await tx.insertRun(runRow("r2", "p1", { createdAt: at(2), state: "running", lunName: "Gold02" }));
        await tx.insertRun(runRow("r1", "p1", { createdAt: at(1), state: "failed" }));
        await tx.insertRun(runRow("r3", "p1", { createdAt: at(3), state: "queued", clientName: "ESX166" }));
        await tx.insertRun(runRow("r4", "p1", { createdAt: at(3), state: "succeeded", goldId: "gold-2" }));
      });
      // The order is that of their insertion: a clock that was wrong once does not reorder them.
      const ids = (filter: object): Promise<string[]> =>
        store.read(async (tx) => (await tx.runs(filter)).map((run) => run.id));
      expect(await ids({})).toEqual(["r4", "r3", "r1", "r2"]);
      expect(await ids({ limit: 2 })).toEqual(["r4", "r3"]);
      expect(await ids({ states: ["queued", "running"] })).toEqual(["r3", "r2"]);
      expect(await ids({ states: [] })).toEqual([]);
      expect(await ids({ goldId: "gold-2" })).toEqual(["r4"]);
      expect(await ids({ lunName: "Gold02", states: ["running"] })).toEqual(["r2"]);
      expect(await ids({ clientName: "ESX166" })).toEqual(["r3"]);
      expect(await ids({ clientId: "client-2" })).toEqual([]);
    });

    it("puts a step as a whole, whether it is there or not, and lists steps by number", async () => {
      const store = await kind.open();
      await store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        await tx.insertRun(runRow("r1", "p1"));
        await tx.putStep({ runId: "r1", seq: 2, stepId: "assign", state: "pending" });
        await tx.putStep({ runId: "r1", seq: 1, stepId: "clone", state: "running", detail: "40 %" });
        await tx.putStep({ runId: "r1", seq: 1, stepId: "clone", state: "done", outputs: '{"naa":"naa.60"}' });
      });
      expect(await store.read((tx) => tx.steps("r1"))).toStrictEqual([
        { runId: "r1", seq: 1, stepId: "clone", state: "done", outputs: '{"naa":"naa.60"}' },
        { runId: "r1", seq: 2, stepId: "assign", state: "pending" },
      ]);
    });

    it("finds a bearer token by its hash, and keeps when it was revoked", async () => {
      const store = await kind.open();
      const token = {
        id: "tok_1",
        name: "alice",
        role: "operator" as const,
        hash: "h1",
        createdBy: "os:ops",
        createdAt: "2025-03-01T10:00:00.000Z",
        expiresAt: "2025-06-01T10:00:00.000Z",
      };
      await store.write(async (tx) => {
        await tx.insertAccessToken(token);
        await tx.insertAccessToken({ ...token, id: "tok_2", hash: "h2" });
        await tx.updateAccessToken("tok_2", { revokedAt: "2025-03-02T10:00:00.000Z" });
      });
      expect(await store.read((tx) => tx.accessToken("h1"))).toStrictEqual(token);
      expect(await store.read((tx) => tx.accessToken("h3"))).toBeUndefined();
      const all = await store.read((tx) => tx.accessTokens());
      expect(all.map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
        ["tok_2", "2025-03-02T10:00:00.000Z"],
        ["tok_1", undefined],
      ]);
      await expect(store.write((tx) => tx.insertAccessToken({ ...token, id: "tok_3" }))).rejects.toThrow();
    });

    it("lets a challenge be used once", async () => {
      const store = await kind.open();
      const challenge = { id: "c1", planId: "p1", principal: "os:ops", expiresAt: "2025-03-01T10:05:00.000Z" };
      const used = await store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        await tx.insertChallenge({ ...challenge, used: false });
        return [await tx.useChallenge("c1"), await tx.useChallenge("c1"), await tx.useChallenge("c2")];
      });
      expect(used).toEqual([true, false, false]);
      expect(await store.read((tx) => tx.challenge("c1"))).toStrictEqual({ ...challenge, used: true });
    });

    it("remembers each signature of a gold volume once", async () => {
      const store = await kind.open();
      await store.write(async (tx) => {
        await tx.rememberSignature("gold-1", "5f-b", "2025-03-01T10:00:00.000Z");
        await tx.rememberSignature("gold-1", "5f-a", "2025-03-01T11:00:00.000Z");
        await tx.rememberSignature("gold-1", "5f-b", "2025-03-01T12:00:00.000Z");
        await tx.rememberSignature("gold-2", "5f-c", "2025-03-01T12:00:00.000Z");
      });
      expect(await store.read((tx) => tx.signatures("gold-1"))).toEqual(["5f-b", "5f-a"]);
    });

    it("hands a queued run out once, the oldest first, and none that waited too long", async () => {
      const store = await kind.open();
      const at = (minute: number): string => `2025-03-01T10:0${minute}:00.000Z`;
      await store.write(async (tx) => {
        await tx.insertPlan(planRow("p1"));
        for (const [id, minute] of [
          ["r2", 2],
          ["r1", 1],
          ["r3", 3],
        ] as const) {
          await tx.insertRun(runRow(id, "p1"));
          await tx.enqueueRun(id, at(minute));
        }
      });
      expect(await store.read((tx) => tx.queued("r3"))).toStrictEqual({ runId: "r3", queuedAt: at(3) });
      const claim = (by: string): Promise<string | undefined> =>
        store.write((tx) => tx.claimRun({ by, at: at(5), queuedSince: at(2) }));
      expect([await claim("a"), await claim("b"), await claim("c")]).toEqual(["r2", "r3", undefined]);
      expect(await store.read((tx) => tx.queued("r3"))).toStrictEqual({
        runId: "r3",
        queuedAt: at(3),
        claimedBy: "b",
        claimedAt: at(5),
      });
      expect(await store.read((tx) => tx.queued("r9"))).toBeUndefined();
    });
  });

  describe("plans that nobody confirmed", () => {
    it("are still open as rows, and left out where only those that can be confirmed are asked for", async () => {
      const store = await kind.open();
      await store.write(async (tx) => {
        await tx.insertPlan(planRow("over", { expiresAt: "2025-03-01T10:00:00.000Z" }));
        await tx.insertPlan(planRow("now", { expiresAt: "2025-03-01T10:05:00.000Z" }));
        await tx.insertPlan(planRow("gone", { expiresAt: "2025-03-01T10:05:00.001Z", state: "discarded" }));
        await tx.insertPlan(planRow("first", { expiresAt: "2025-03-01T10:05:00.001Z" }));
        await tx.insertPlan(planRow("second", { expiresAt: "2025-03-01T10:06:00.000Z" }));
      });
      const open = await store.read((tx) => tx.plans({ state: "open", endsAfter: "2025-03-01T10:05:00.000Z" }));
      expect(open.map(({ id }) => id)).toEqual(["second", "first"]);
    });
  });

  describe("a pass into the console", () => {
    it("is found by its hash, and keeps when it ended", async () => {
      const store = await kind.open();
      const pass = {
        id: "pass_1",
        kind: "session" as const,
        hash: "h1",
        principal: "oidc:1@https://id.test",
        role: "approver" as const,
        person: "Bob",
        createdAt: "2025-03-01T10:00:00.000Z",
        expiresAt: "2025-03-01T18:00:00.000Z",
      };
      const endedAt = "2025-03-01T11:00:00.000Z";
      await store.write(async (tx) => {
        await tx.insertConsolePass(pass);
        await tx.updateConsolePass("pass_1", { endedAt });
      });
      expect(await store.read((tx) => tx.consolePass("h1"))).toStrictEqual({ ...pass, endedAt });
      expect(await store.read((tx) => tx.consolePass("h2"))).toBeUndefined();
      await expect(store.write((tx) => tx.insertConsolePass({ ...pass, id: "pass_2" }))).rejects.toThrow();
    });
  });

  describe("the audit table", () => {
    it("pages by number, day, time, plan and run", async () => {
      const store = await kind.open();
      const days = [
        "2025-02-28T23:59:59.999Z",
        "2025-03-01T00:00:00.000Z",
        "2025-03-01T23:59:59.999Z",
        "2025-03-02T00:00:00.000Z",
      ];
      await store.write(async (tx) => {
        for (const at of days) await appendNext(tx, { at });
        await appendNext(tx, { at: "2025-03-03T00:00:00.000Z", planId: "p1", client: "vscode" });
        await appendNext(tx, { at: "2025-03-03T00:00:00.000Z", planId: "p1", runId: "r1" });
      });
      const seqs = (filter: object): Promise<number[]> =>
        store.read(async (tx) => (await tx.audit(filter)).map((row) => row.seq));
      expect(await seqs({})).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await seqs({ afterSeq: 2, limit: 2 })).toEqual([3, 4]);
      expect(await seqs({ last: 2 })).toEqual([5, 6]);
      expect(await seqs({ date: "2025-03-01" })).toEqual([2, 3]);
      expect(await seqs({ since: "2025-03-02T00:00:00.000Z" })).toEqual([4, 5, 6]);
      expect(await seqs({ planId: "p1", last: 1 })).toEqual([6]);
      expect(await seqs({ runId: "r1" })).toEqual([6]);
      expect(await store.read((tx) => tx.auditHead())).toStrictEqual(
        auditRow(6, { at: "2025-03-03T00:00:00.000Z", planId: "p1", runId: "r1" }),
      );
    });

    it("takes no change, no deletion and no gap, also from elsewhere", async () => {
      const place = await kind.fresh();
      const store = await kind.open(place);
      await store.write(async (tx) => {
        await appendNext(tx);
        await appendNext(tx);
      });
      await expect(kind.tamper(place, "UPDATE audit SET actor = 'nobody'")).rejects.toThrow(
        "append-only: no row is changed",
      );
      await expect(kind.tamper(place, "DELETE FROM audit WHERE seq = 2")).rejects.toThrow(
        "append-only: no row is deleted",
      );
      await expect(store.write((tx) => tx.appendAudit(auditRow(4)))).rejects.toThrow("a row follows the newest");
      await expect(store.write((tx) => tx.appendAudit(auditRow(2)))).rejects.toThrow("a row follows the newest");
      expect(await store.read((tx) => tx.audit({}))).toEqual([auditRow(1), auditRow(2)]);
    });
  });
}
