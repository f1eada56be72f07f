/** Retention: what is old goes, the chain says so itself, and a beginning taken away past the program is found. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hashOf } from "../../src/core/audit.ts";
import { verifyChain } from "../../src/core/audit-chain.ts";
import { checkExport } from "../../src/core/audit-file.ts";
import type { AuditRow, Store } from "../../src/core/ports/store.ts";
import { exportLine } from "../../src/text/audit-export.ts";
import { type Bench, onPostgres, refusal, withEngine } from "../support/engine.ts";
import { type Assembled, assemble, configOf, storeWith, tamper } from "../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
  // Its changes are planned in stores of the tests' own.
  bench.changesWithoutPlans();
});

const DAY_MS = 86_400_000;
const everything = { limit: 1_000_000 };
let names = 0;
let store: string;
beforeEach(() => {
  names += 1;
  store = `store-${names}`;
});

/** The engine as it was or will be so many days from now, on this test's store. */
const daysFromNow = (days: number, parts: Parameters<typeof assemble>[1] = {}): Promise<Assembled> =>
  assemble(bench, { anotherStore: store, shiftMs: () => days * DAY_MS, ...parts });

/** Looks and a run: rows of that day. */
async function aDay(days: number): Promise<Assembled> {
  const then = await daysFromNow(days);
  await then.engine.listLuns(bench.actor);
  const plan = await then.engine.plan("release", { lun: "Gold" }, bench.actor);
  await then.engine.discardPlan({ planId: plan.planId }, bench.actor);
  return then;
}

const exported = async ({ engine }: Assembled): Promise<string> =>
  (await engine.readAudit(everything)).rows.map((row) => exportLine(row, "jsonl")).join("\n");

const rowsOf = ({ store }: Assembled): Promise<AuditRow[]> => store.read((tx) => tx.audit({}));

/** The file that this store's heads are in. */
async function headsFile(): Promise<string> {
  const { store: configured } = await configOf(bench);
  return configured.kind === "sqlite" ? join(bench.dir, store, "audit-heads.log") : configured.heads;
}

describe("retention", () => {
  test("removes nothing unless it is told, and nothing that is young", async () => {
    await aDay(-100);
    await aDay(-29);
    const before = await rowsOf(await daysFromNow(0));
    expect(await (await daysFromNow(0)).engine.removeOld(bench.actor)).toBeUndefined();
    expect(await (await daysFromNow(0, { keepDays: 101 })).engine.removeOld(bench.actor)).toBeUndefined();
    expect(await rowsOf(await daysFromNow(0))).toEqual(before);
  });

  test("cuts the chain by an act of its own, and the chain holds: the table, the export of before, the one of after", async () => {
    await aDay(-100);
    const old = await rowsOf(await aDay(-99));
    const all = await rowsOf(await aDay(-29));
    const archive = await exported(await daysFromNow(0));
    const now = await daysFromNow(0, { keepDays: 30 });
    const through = old.length;
    expect(await now.engine.removeOld(bench.actor)).toMatchObject({
      rows: { first: 1, last: through },
      removed: { audit: through, plans: 2, runs: 0 },
    });
    const [cut, ...others] = (await rowsOf(now)).toReversed();
    expect(others.toReversed()).toEqual(all.slice(through));
    expect(cut).toMatchObject({ type: "audit_cut", actor: bench.actor.principal, channel: bench.actor.channel });
    expect(JSON.parse(cut?.data ?? "")).toMatchObject({ first: 1, through, hash: old.at(-1)?.hash, keepDays: 30 });
    expect(await now.engine.verifyAudit()).toEqual({
      holds: true,
      rows: all.length - through + 1,
      head: cut?.hash,
      cut: { through, at: cut?.at, row: cut?.seq },
      problems: [],
    });
    // Once more on the same day there is nothing left to do.
    expect(await now.engine.removeOld(bench.actor)).toBeUndefined();

    const { rows } = await now.engine.readAudit(everything);
    expect(checkExport(archive, rows)).toMatchObject({ holds: true, first: 1, last: all.length });
    expect(checkExport(await exported(now))).toMatchObject({ holds: true, first: through + 1, cut: { through } });
    // An archive of another history does not meet what the store goes on from.
    const forged = await exported(await daysFromNow(0));
    expect(checkExport(archive.split("\n").slice(0, through).join("\n"), rows).holds).toBe(true);
    const wrong = rows.map((row) => (row.seq === through + 1 ? { ...row, prev: "0".repeat(64) } : row));
    expect(checkExport(archive, wrong)).toMatchObject({
      holds: false,
      problems: [`1 of the file's rows, from row ${through} on, do not stand in the store`],
    });
    expect(forged).not.toBe(archive);
  });

  test("goes on day by day, each cut taking the one before with it when that is old", async () => {
    await aDay(-100);
    await aDay(-60);
    expect(await (await daysFromNow(-50, { keepDays: 30 })).engine.removeOld(bench.actor)).toBeDefined();
    await aDay(-49);
    const now = await daysFromNow(0, { keepDays: 30 });
    expect(await now.engine.removeOld(bench.actor)).toBeDefined();
    const rows = await rowsOf(now);
    expect(rows.map(({ type }) => type)).toEqual(["audit_cut"]);
    expect(await now.engine.verifyAudit()).toMatchObject({ holds: true, rows: 1 });
    await now.engine.listLuns(bench.actor);
    expect(await now.engine.verifyAudit()).toMatchObject({ holds: true, rows: 2 });
  });

  test("happens when a run has ended, and does not keep the run's answer", async () => {
    await aDay(-100);
    const now = await daysFromNow(0, { keepDays: 30 });
    const plan = await now.engine.plan("release", { lun: "Gold" }, bench.actor);
    await now.engine.approve(plan.planId, bench.app.actor("cli"));
    await now.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 25_000 });
    await now.close();
    const after = await daysFromNow(0);
    expect(await after.engine.verifyAudit()).toMatchObject({ holds: true, cut: { through: expect.any(Number) } });
    expect((await rowsOf(after)).at(-1)).toMatchObject({ type: "audit_cut", actor: "atvm_prep", channel: "runner" });
  });

  test("takes nothing from a chain that does not hold", async () => {
    await aDay(-100);
    const now = await daysFromNow(0, { keepDays: 30 });
    const real = now.store;
    const [first] = await rowsOf(now);
    const damaged = storeWith(real, {
      read: (work) =>
        real.read((tx) =>
          work({
            ...tx,
            audit: async (filter) =>
              (await tx.audit(filter)).map((row) => (row.seq === first?.seq ? { ...row, actor: "os:nobody" } : row)),
          }),
        ),
    });
    const { engine } = await assemble(bench, { anotherStore: store, keepDays: 30, store: () => damaged });
    const refused = await refusal(engine.removeOld(bench.actor), "STORE_UNUSABLE");
    expect(refused.found).toEqual({ problems: ["row 1 was changed"] });
    expect((await rowsOf(now))[0]).toEqual(first);
  });

  test("that is cut off after it was announced leaves a chain that holds, and is made good the next time", async () => {
    await aDay(-100);
    const failing = (real: Store): Store =>
      storeWith(real, {
        write: (work) =>
          real.write((tx) => work({ ...tx, removeOld: () => Promise.reject(new Error("the power is gone")) })),
      });
    const { engine } = await daysFromNow(0, { keepDays: 30, store: failing });
    await expect(engine.removeOld(bench.actor)).rejects.toThrow("the power is gone");
    const now = await daysFromNow(0, { keepDays: 30 });
    const chain = await now.engine.verifyAudit();
    expect(chain).toMatchObject({ holds: true });
    expect(chain).not.toHaveProperty("cut");
    expect(await now.engine.removeOld(bench.actor)).toBeDefined();
    expect(await now.engine.verifyAudit()).toMatchObject({ holds: true, cut: {} });
  });

  test("under a check of the chain is no gap in it", async () => {
    await aDay(-100);
    await aDay(0);
    const now = await daysFromNow(0, { keepDays: 30 });
    let removed: Promise<unknown> | undefined;
    const real = now.store;
    const between = storeWith(real, {
      recordedHeads: async () => {
        const heads = await real.recordedHeads();
        removed ??= now.engine.removeOld(bench.actor);
        await removed;
        return heads;
      },
    });
    expect(await verifyChain(between)).toMatchObject({ holds: true, cut: {} });
  });
});

/** Past the program, with all that protects the audit out of the way. */
const OPEN = onPostgres
  ? "ALTER TABLE audit DISABLE TRIGGER USER;"
  : "DROP TRIGGER IF EXISTS auditKeepsRows; DROP TRIGGER IF EXISTS auditHasNoGap;";

const insertion = (row: AuditRow): string => {
  const members = Object.entries(row);
  const columns = members.map(([name]) => `"${name}"`).join(", ");
  const values = members.map(([, value]) => (typeof value === "number" ? value : `'${value}'`)).join(", ");
  return `INSERT INTO audit (${columns}) VALUES (${values});`;
};

describe("a beginning that was taken away past the program", () => {
  const problems = async (): Promise<string> => (await (await daysFromNow(0)).engine.verifyAudit()).problems.join("; ");
  const atStore = (sql: string): Promise<void> => tamper(bench, sql, store);

  test("is found", async () => {
    await aDay(-100);
    await atStore(`${OPEN} DELETE FROM audit WHERE seq <= 2;`);
    expect(await problems()).toContain("rows 1 to 2 are missing");
  });

  test("is found also where it is more than what the program cut, or ends elsewhere", async () => {
    await aDay(-100);
    await aDay(0);
    const now = await daysFromNow(0, { keepDays: 30 });
    await now.engine.removeOld(bench.actor);
    const [first] = await rowsOf(now);
    await atStore(`${OPEN} DELETE FROM audit WHERE seq = ${first?.seq};`);
    expect(await problems()).toContain(`rows 1 to ${first?.seq} are missing`);
  });

  test.each([
    ["as if it had been old", new Date(Date.now() - 30 * DAY_MS).toISOString()],
    ["as if so young a row could be cut", new Date().toISOString()],
  ])("is found also with a row that calls it a cut, %s", async (_how, before) => {
    const now = await aDay(0);
    const rows = await rowsOf(now);
    const [last, through] = [rows.at(-1), rows[1]];
    if (last === undefined || through === undefined) throw new Error("there are rows");
    const bare = {
      ...last,
      seq: last.seq + 1,
      type: "audit_cut",
      data: JSON.stringify({ first: 1, through: through.seq, hash: through.hash, before, keepDays: 30 }),
      prev: last.hash,
    };
    const { hash: _hash, ...unhashed } = bare;
    await atStore(
      `${OPEN} ${insertion({ ...unhashed, hash: hashOf(unhashed) })} DELETE FROM audit WHERE seq <= ${through.seq};`,
    );
    expect(await problems()).toMatch(
      before < new Date(Date.now() - DAY_MS).toISOString()
        ? onPostgres
          ? /rows 1 to 2 are missing, and row \d was younger than row \d+ has it/
          : /rows 1 to 2 are missing, and row \d+, which calls that a cut, is not one whose head was recorded/
        : /rows 1 to 2 are missing/,
    );
  });

  test("is found where the cut's own head is not recorded any more", async () => {
    await aDay(-100);
    const now = await daysFromNow(0, { keepDays: 30 });
    await now.engine.removeOld(bench.actor);
    const file = await headsFile();
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    await writeFile(file, `${lines.slice(0, -1).join("\n")}\n`);
    // Another machine on the database has no head of this cut, and no reason to doubt it.
    if (onPostgres) expect(await problems()).toBe("");
    else expect(await problems()).toContain("is not one whose head was recorded");
  });
});
