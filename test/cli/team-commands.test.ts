/** `store copy` and `worker` as the commands that a site runs, on a real database. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { openApp } from "../../src/app.ts";
import { type Bench, withEngine } from "../support/engine.ts";
import { describePostgres, withCluster } from "../support/postgres.ts";
import { configWith, program } from "../support/program.ts";

describePostgres("a site that moves to a database and has workers", { timeout: 180_000 }, () => {
  const cluster = withCluster();
  let bench: Bench;
  beforeAll(async () => {
    bench = await withEngine({}, {}, "sqlite");
    bench.changesWithoutPlans();
    await cluster.ready();
  }, 120_000);

  it("goes on with its plans there: confirmed here, carried out by the worker, which drains when it is told to end", async () => {
    await bench.reset("clone-assigned");
    const open = await bench.plan("automated_testing");
    await writeFile(join(bench.dir, "store-url"), await cluster.fresh(), { mode: 0o600 });
    const config = await configWith(bench, { store: { postgres: { file: "store-url" } }, runs: "worker" });

    const copy = program(bench, "store", "copy", bench.app.store.place, "--json", "--config", config);
    expect(await copy.ended()).toBe(0);
    expect(JSON.parse(copy.out())).toMatchObject({ chain: { holds: true, problems: [] } });
    const again = program(bench, "store", "copy", bench.app.store.place, "--json", "--config", config);
    expect(await again.ended()).toBe(1);
    expect(again.out()).toContain("STORE_UNUSABLE");

    const app = await openApp({ configFile: config, env: bench.env, cwd: bench.dir });
    onTestFinished(() => app.close());
    const actor = app.actor("mcp", "tests");
    const later = await app.engine.plan("maintenance", { lun: "Gold2", client: "CDS1-ESX166" }, actor);
    const { runId, state } = await app.engine.confirm(open.planToken ?? "", actor, { waitMs: 0 });
    const second = await app.engine.confirm(later.planToken ?? "", actor, { waitMs: 0 });
    expect([state, second.state]).toEqual(["queued", "queued"]);

    await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "slow:1500" });
    const worker = program(bench, "worker", "--at-once", "1", "--drain", "--config", config);
    await worker.says(new RegExp(`Took ${runId}`));
    worker.process.kill("SIGTERM");
    await worker.says(/Takes no more runs/);
    expect(await worker.ended()).toBe(0);
    expect(await app.engine.getRun(runId)).toMatchObject({ state: "succeeded" });
    expect(await app.engine.getRun(second.runId)).toMatchObject({ state: "queued" });
    expect(await app.engine.verifyAudit()).toMatchObject({ holds: true, problems: [] });
    expect((await bench.control.state()).mutations.filter(({ op }) => op === "CloneSnapshot")).toHaveLength(1);
  });

  it("has no worker where runs are carried out by who confirms them", async () => {
    const worker = program(
      bench,
      "worker",
      "--config",
      await configWith(bench, { runs: "own", store: { sqlite: "other.db" } }),
    );
    expect(await worker.ended()).toBe(2);
    expect(worker.err()).toContain("runs: worker");
  });
});
