/** Who asked, why, with which program, who approved: in plans, in runs, in the audit, and asked of a volume or a VM. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { beforeAll, describe, expect, test } from "vitest";
import { checkExport } from "../../src/core/audit-file.ts";
import type { RunRecord } from "../../src/core/records.ts";
import { exportLine } from "../../src/text/audit-export.ts";
import { planText, presentPlan, presentRun, runText, wordingFor } from "../../src/text/index.ts";
import { type Bench, CLIENT, GOLD, refusal, withEngine } from "../support/engine.ts";

let bench: Bench;
let run: RunRecord;
const words = wordingFor("terminal");
const REASON = "nightly\u202e refresh for QA";
beforeAll(async () => {
  bench = await withEngine();
  const plan = await bench.plan("automated_testing", { reason: REASON });
  expect(plan.requestedBy).toEqual({
    principal: bench.actor.principal,
    client: "tests",
    reason: "nightly refresh for QA",
  });
  expect(planText(presentPlan(plan, words))).toContain(`with tests, because: "nightly refresh for QA"`);
  await bench.app.engine.approve(plan.planId, bench.app.actor("cli"));
  run = await bench.run(plan);
  expect(run.state).toBe("succeeded");
  await bench.plan("register", { lun: "Gold" });
});

async function audit(filter: object = {}) {
  return bench.app.engine.readAudit({ limit: 10_000, ...filter });
}

describe("a reason", () => {
  test("is in the run and in the audit", async () => {
    expect(run.requestedBy).toMatchObject({ client: "tests", reason: "nightly refresh for QA" });
    expect(runText(presentRun(run, words))).toMatch(
      /^Asked by os:\w+ with tests, because: "nightly refresh for QA"; approved by os:\w+ \(cli\)\.$/m,
    );
    const [made] = (await audit({ type: "plan_made" })).rows;
    expect(made?.data).toMatchObject({ reason: "nightly refresh for QA" });
  });
});

describe("the audit, asked who", () => {
  test("names the run that deleted a clone, who asked and who approved", async () => {
    const clone = (await bench.app.engine.getPlan(run.planId)).impact.clonesToDelete[0];
    for (const name of [clone?.name, clone?.id, clone?.naa]) {
      const found = await bench.app.engine.whoTouched(name ?? "");
      expect(found.runs).toMatchObject([
        {
          run: { runId: run.runId, approvedBy: { channel: "cli" } },
          done: ["unassigned", "deleted"],
        },
      ]);
      expect(found.runs[0]?.approvedAt).toBeDefined();
      expect(found.chain.holds).toBe(true);
    }
  });

  test("names what became of a VM, of the new clone, of gold, and a run by its id", async () => {
    const done = async (name: string) => (await bench.app.engine.whoTouched(name)).runs.map((found) => found.done);
    expect(await done("web-01")).toEqual([["powered off", "unregistered"]]);
    expect(await done("WEB-01")).toEqual([["powered off", "unregistered"]]);
    expect(await done(run.report?.volume?.name ?? "")).toEqual([["cloned", "assigned"]]);
    expect(await done(GOLD)).toEqual([["datastore unmounted", "read, for a clone"]]);
    expect(await done(run.runId)).toEqual([["this run"]]);
  });

  test("refuses a name that no run was about", async () => {
    await refusal(bench.app.engine.whoTouched("web-99"), "BAD_REQUEST");
    await refusal(bench.app.engine.whoTouched("automated"), "BAD_REQUEST");
  });
});

describe("the audit's rows", () => {
  test("are found by LUN, also those that only name a plan", async () => {
    const rows = (await audit({ lun: "Gold" })).rows;
    expect(rows.map((row) => row.type)).toEqual(
      expect.arrayContaining(["plan_made", "plan_approved", "run_succeeded"]),
    );
    expect((await audit({ lun: "Gold2" })).rows).toEqual([]);
  });

  test("are not asked for by a type that there is none of, which would read as if nothing had happened", async () => {
    const refused = await refusal(audit({ type: "plan_aproved" }), "BAD_REQUEST");
    expect(refused.hint).toContain("Did you mean plan_approved");
    expect((await audit({ type: "run_failed" })).rows).toEqual([]);
  });

  test("come in pages, each with the cursor of the one before it", async () => {
    const all = (await audit()).rows.map((row) => row.seq);
    const paged: number[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await audit({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.rows.length).toBeLessThanOrEqual(7);
      paged.unshift(...page.rows.map((row) => row.seq));
      cursor = page.cursor;
    }
    expect(paged).toEqual(all);
    await refusal(audit({ cursor: "7; DROP TABLE audit" }), "BAD_REQUEST");
  });

  test("are hashed as docs/security.md says, so that anyone can check them", async () => {
    for (const line of (await audit()).rows.map((row) => exportLine(row, "jsonl"))) {
      const { hash, data, ...row }: Record<string, unknown> = JSON.parse(line);
      const hashed = canonicalize({ ...row, data: JSON.stringify(data) });
      expect(
        createHash("sha256")
          .update(hashed ?? "", "utf8")
          .digest("hex"),
      ).toBe(hash);
    }
  });

  test("hold in an exported file by themselves, and against the store", async () => {
    const { rows } = await audit();
    const lines = rows.map((row) => exportLine(row, "jsonl"));
    expect(checkExport(lines.join("\n"), rows)).toMatchObject({
      holds: true,
      rows: rows.length,
      first: 1,
      problems: [],
    });
    expect(checkExport(lines.slice(5).join("\n"))).toMatchObject({ holds: true, first: 6 });
    const altered = lines.map((line) => line.replace(CLIENT, "CDS1-ESX999"));
    expect(checkExport(altered.join("\n")).problems[0]).toMatch(/^row \d+ was changed$/);
    expect(checkExport(lines.toSpliced(4, 2).join("\n")).problems[0]).toBe("rows 5 to 6 are missing");
    expect(checkExport(lines.slice(1).toReversed().join("\n")).holds).toBe(false);
    const rewritten = rows.map((row) => ({ ...row, hash: "0".repeat(64) }));
    expect(checkExport(lines.join("\n"), rewritten).problems.at(-1)).toContain("do not stand in the store");
    for (const wrong of ["", "{}", "no JSON"])
      expect(() => checkExport(wrong)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });
});
