/** The chain of the audit: what is in it, that any change of it is found, and that no token is. */
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../../src/core/domain/canonical.ts";
import { type Bench, onPostgres, refusal, withEngine } from "../support/engine.ts";
import { assemble, configOf, tamper } from "../support/parts.ts";

let bench: Bench;
let tokens: string[];
let heads: string;
beforeAll(async () => {
  bench = await withEngine();
  const plan = await bench.plan("automated_testing");
  const again = await bench.plan("register");
  tokens = [plan.planToken ?? "", again.planToken ?? ""];
  await refusal(
    bench.app.engine.confirm(tokens[0] ?? "", { ...bench.actor, principal: "os:mallory@x" }),
    "WRONG_PRINCIPAL",
  );
  await refusal(bench.app.engine.approve(tokens[1] ?? "", bench.app.actor("cli")), "PLAN_UNKNOWN");
  await refusal(bench.plan("automated_testing", { lun: "Silver" }), "UNKNOWN_LUN");
  expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
  const { store } = await configOf(bench);
  heads = store.kind === "sqlite" ? join(bench.dir, "audit-heads.log") : store.heads;
});

const verify = () => bench.app.engine.verifyAudit();
const rows = async (filter: object = {}) => (await bench.app.engine.readAudit({ limit: 10_000, ...filter })).rows;

describe("the audit", () => {
  test("holds: every row follows the one before it", async () => {
    const all = await rows();
    expect(all.map((row) => row.seq)).toEqual(all.map((_row, index) => index + 1));
    expect(await verify()).toEqual({ holds: true, rows: all.length, head: all.at(-1)?.hash, problems: [] });
  });

  test("hashes the canonical JSON of each row, so that anyone can check it", async () => {
    const { store } = await assemble(bench);
    const stored = await store.read((tx) => tx.audit({}));
    expect(stored.length).toBeGreaterThan(20);
    for (const { hash, ...row } of stored) expect(digestOf(row)).toBe(hash);
  });

  test("tells of plans, refusals, the redemption, each step's begin and end, and the outcome, with who and by which door", async () => {
    const all = await rows();
    const types = all.map((row) => row.type);
    for (const type of ["plan_made", "confirm_refused", "approve_refused", "plan_refused", "plan_redeemed"])
      expect(types).toContain(type);
    const redeemed = all.find((row) => row.type === "plan_redeemed");
    expect(redeemed).toMatchObject({ actor: bench.actor.principal, channel: "mcp", client: "tests" });
    const run = await bench.app.engine.getRun(redeemed?.runId ?? "");
    const ofRun = all.filter((row) => row.runId === run.runId && row.type.startsWith("step_"));
    const told = ofRun.map((row) => `${row.type} ${row.data["step"]}`);
    expect(told.toSorted()).toEqual(
      run.steps.flatMap((step) => [`step_begin ${step.id}`, `step_end ${step.id}`]).toSorted(),
    );
    // Steps go side by side where they can: each begins after the ends of those that it comes after.
    for (const { id, after } of (await bench.app.engine.getPlan(run.planId)).steps) {
      const begun = told.indexOf(`step_begin ${id}`);
      expect(told.indexOf(`step_end ${id}`)).toBeGreaterThan(begun);
      for (const earlier of after) expect(told.indexOf(`step_end ${earlier}`)).toBeLessThan(begun);
    }
    expect(all.at(-1)).toMatchObject({ type: "run_succeeded", runId: run.runId });
    expect(all.find((row) => row.type === "plan_refused")?.data).toMatchObject({ code: "UNKNOWN_LUN", lun: "Silver" });
  });

  test("tells of looks at the systems, also of refused ones", async () => {
    await bench.app.engine.listSnapshots("Gold", bench.actor);
    await refusal(bench.app.engine.listSnapshots("Silver", bench.actor), "UNKNOWN_LUN");
    const [ok, no] = (await rows()).slice(-2);
    expect(ok).toMatchObject({ type: "read", data: { call: "snapshots", lun: "Gold" } });
    expect(no).toMatchObject({
      type: "read_refused",
      data: { call: "snapshots", lun: "Silver", code: "UNKNOWN_LUN" },
    });
  });

  test("is told an effect's intent before the effect", async () => {
    const begins = new Map(
      (await rows()).filter((row) => row.type === "step_begin").map((row) => [row.data["kind"], row.at]),
    );
    const { mutations } = await bench.control.state();
    for (const [kind, op] of [
      ["unassign", "DeleteAssignment"],
      ["delete_clone", "DeleteVolume"],
      ["create_clone", "CloneSnapshot"],
    ] as const) {
      const at = mutations.find((one) => one.op === op)?.at ?? "";
      expect(Date.parse(begins.get(kind) ?? "")).toBeLessThanOrEqual(Date.parse(at));
    }
  });

  test("and everything else on the disk knows no token, also not one that was put in the place of an id", async () => {
    const files = (await readdir(bench.dir, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) {
      const bytes = await readFile(join(file.parentPath, file.name));
      for (const token of tokens) expect([file.name, bytes.includes(token)]).toEqual([file.name, false]);
    }
    expect((await rows()).find((row) => row.type === "approve_refused")?.planId).toBe("pt_[hidden]");
  });

  test("takes no change and no deletion, also from elsewhere, as long as its triggers stand", async () => {
    await expect(tamper(bench, "DELETE FROM audit")).rejects.toThrow("append-only");
    await expect(tamper(bench, "UPDATE audit SET actor = 'x'")).rejects.toThrow("append-only");
    expect((await verify()).holds).toBe(true);
  });
});

describe("a change past the program", () => {
  let kept: { heads: string; rows: Awaited<ReturnType<typeof rows>> };
  const open = onPostgres
    ? "ALTER TABLE audit DISABLE TRIGGER USER;"
    : "DROP TRIGGER IF EXISTS auditKeepsRows; DROP TRIGGER IF EXISTS auditKeepsContents; DROP TRIGGER IF EXISTS auditHasNoGap;";
  beforeEach(async () => {
    await tamper(bench, `${open} CREATE TABLE kept AS SELECT * FROM audit`);
    kept = { heads: await readFile(heads, "utf8"), rows: await rows() };
  });
  afterEach(async () => {
    await tamper(bench, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept");
    await writeFile(heads, kept.heads);
    expect((await verify()).problems).toEqual([]);
  });

  const columns = ["at", "type", "actor", "channel", "client", "planId", "runId", "data", "prev", "hash"];
  test.each(columns)("of a row's %s is found, and all rows can still be read", async (column) => {
    await tamper(bench, `UPDATE audit SET "${column}" = 'x' || coalesce("${column}", '') WHERE seq = 3`);
    const chain = await verify();
    expect(chain.holds).toBe(false);
    expect(chain.problems.join("; ")).toMatch(/row [34]/);
    expect(await rows()).toHaveLength(kept.rows.length);
  });

  test("a row taken out of the middle is found", async () => {
    await tamper(bench, "DELETE FROM audit WHERE seq = 4");
    expect((await verify()).problems.join("; ")).toContain("rows 4 to 4 are missing");
  });

  test("rows exchanged are found", async () => {
    await tamper(
      bench,
      "UPDATE audit SET seq = -1 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = -1",
    );
    expect((await verify()).holds).toBe(false);
  });

  test("an end cut off is found by the recorded heads", async () => {
    await tamper(bench, "DELETE FROM audit WHERE seq > (SELECT max(seq) - 3 FROM audit)");
    expect((await verify()).problems.join("; ")).toMatch(/the chain ends at row \d+, but heads up to row/);
  });

  test("an end cut off is found also after the chain has grown over it", async () => {
    await tamper(bench, "DELETE FROM audit WHERE seq > (SELECT max(seq) - 3 FROM audit)");
    for (let call = 0; call < 5; call += 1) await bench.app.engine.listLuns(bench.actor);
    const chain = await verify();
    expect(chain.rows).toBeGreaterThan(kept.rows.length);
    expect(chain.problems.join("; ")).toContain("is not the one whose head was recorded");
  });

  test("a whole chain written anew, each hash right, is found by the recorded heads", async () => {
    await tamper(bench, "DELETE FROM audit");
    for (let call = 0; call <= kept.rows.length; call += 1) await bench.app.engine.listLuns(bench.actor);
    expect((await verify()).holds).toBe(false);
  });

  test("recorded heads that are gone, or tell of another row, are found; a torn line is not one", async () => {
    await writeFile(heads, "");
    expect((await verify()).problems.join("; ")).toContain("no head of this chain is recorded");
    await writeFile(heads, kept.heads);
    await appendFile(heads, '{"at":"2026-11-21T00:00:00.000Z","se');
    expect((await verify()).holds).toBe(true);
    const forged = (kept.heads.split("\n")[2] ?? "").replace(/"hash":"[0-9a-f]{8}/, '"hash":"00000000');
    await writeFile(heads, `${kept.heads}${forged}\n`);
    expect((await verify()).holds).toBe(false);
  });
});
