/** What a step's journal and audit rows cost beside the disk's own forced writes, and `audit verify` of a long chain. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { auditedWrite } from "../../src/core/audit.ts";
import type { Actor } from "../../src/core/engine.ts";
import type { StepRow, Store } from "../../src/core/ports/store.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { finish, MAIN, startLab } from "./processes.ts";
import { atMost, type Section } from "./report.ts";
import { median, mib, ms, seconds, times } from "./stats.ts";

const STEPS = 300;
const ROWS = 100_000;
const ROWS_AT_ONCE = 5_000;
const VERIFIES = 3;
const RUNNER: Actor = { principal: "bench", channel: "runner" };
/** What SQLite appends to its WAL for one of these transactions, roughly: some pages of 4 KiB. */
const PAGES = Buffer.alloc(4 * 4096, 1);

async function timed(work: () => Promise<void> | void): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** A run's row for the steps to hang on. */
async function addRun(store: Store, runId: string): Promise<void> {
  const at = systemClock.now().toISOString();
  const of = {
    principal: RUNNER.principal,
    goldId: "vol-1",
    clientId: "cl-1",
    mode: "automated_testing" as const,
    createdAt: at,
  };
  await store.write(async (tx) => {
    const planId = `plan-of-${runId}`;
    const words = { tokenHash: planId, binding: "", digest: "", body: "{}", expiresAt: at };
    await tx.insertPlan({ id: planId, ...of, ...words, state: "redeemed" });
    const names = { lunName: "Gold", clientName: "CDS1-ESX165", originId: runId, originCreatedAt: at };
    await tx.insertRun({ id: runId, planId, ...of, ...names, state: "running", cancelRequested: false });
  });
}

async function step(store: Store, seq: number): Promise<void> {
  const startedAt = systemClock.now().toISOString();
  const row: StepRow = { runId: "run-1", seq, stepId: `s${seq}`, state: "running", startedAt };
  const journal = (next: StepRow, type: "step_begin" | "step_end"): Promise<void> =>
    auditedWrite(store, systemClock, async (tx, append) => {
      await tx.putStep(next);
      const data = { step: next.stepId, kind: "rescan", state: next.state, text: "Rescan the host" };
      await append({ type, actor: RUNNER, planId: "plan-1", runId: "run-1", data });
    });
  await journal(row, "step_begin");
  await journal({ ...row, state: "done", endedAt: startedAt, detail: "rescanned" }, "step_end");
}

async function fill(store: Store, rows: number): Promise<void> {
  for (let made = 0; made < rows; made += ROWS_AT_ONCE) {
    await auditedWrite(store, systemClock, async (_tx, append) => {
      for (let at = 0; at < Math.min(ROWS_AT_ONCE, rows - made); at++) {
        const data = { step: `s${at}`, kind: "rescan", state: "done", detail: "rescanned" };
        await append({ type: "step_end", actor: RUNNER, planId: "plan-1", runId: "run-1", data });
      }
    });
  }
}

function forcedWrites(path: string): number[] {
  const file = openSync(path, "a");
  const taken: number[] = [];
  for (let at = 0; at < STEPS; at++) {
    const begun = performance.now();
    writeSync(file, PAGES);
    fdatasyncSync(file);
    taken.push(performance.now() - begun);
  }
  closeSync(file);
  return taken;
}

export async function journal(dir: string): Promise<Section> {
  const lab = await startLab(dir, []);
  await lab.stop();
  const { config } = lab.info;
  const store = await openSqliteStore({ path: config.replace(/\.yaml$/, ".sqlite"), clock: systemClock });
  await addRun(store, "run-1");
  const forced = median(forcedWrites(join(dir, "forced")));
  const steps: number[] = [];
  for (let seq = 0; seq < STEPS; seq++) steps.push(await timed(() => step(store, seq)));
  const written = (await store.read((tx) => tx.auditHead()))?.seq ?? 0;
  await fill(store, ROWS - written);
  await store.close();
  const verifies = [];
  for (let at = 0; at < VERIFIES; at++) {
    verifies.push(await finish(process.execPath, [MAIN, "audit", "verify", "--config", config]));
  }
  const verifyMs = median(verifies.map((one) => one.ms));
  const stepMs = median(steps);
  return {
    title: "Journal and audit",
    commands: [`node ${MAIN} audit verify --config lab.yaml`],
    columns: ["what", "time", "peak RSS"],
    rows: [
      ["a step's begin and end, journalled and audited", ms(stepMs), ""],
      [`a forced write of ${PAGES.length / 1024} KiB on the same disk`, ms(forced), ""],
      ["a step beside its two forced writes", times(stepMs / (2 * forced)), ""],
      [`\`audit verify\` of ${ROWS} rows`, seconds(verifyMs), mib(Math.max(...verifies.map((one) => one.peakMiB)))],
    ],
    checks: [
      atMost("journal and audit of a step", stepMs, 2, "ms"),
      atMost("`audit verify` of 100,000 rows", verifyMs / 1000, 1, "s"),
    ],
    notes: [
      `Medians of ${STEPS} steps and of ${STEPS} writes with \`fdatasync\`. A step is two transactions with \`synchronous=FULL\`, each with its row of the journal, its row of the audit and a line in the file of heads. \`audit verify\` is the command from its start to its end, median of ${VERIFIES}.`,
    ],
  };
}
