import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { resolveTls } from "../../src/config/trust.ts";
import { type RunningLab, startLab } from "../../src/lab/start.ts";

let dir: string;
let lab: RunningLab;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "atvm-lab-config-"));
  lab = await startLab({ scenario: "empty", writeConfig: join(dir, "lab.yaml") });
});
afterAll(async () => {
  await lab.close();
  await rm(dir, { recursive: true, force: true });
});

it("what the lab writes is a configuration without a warning, with the lab's policy, secrets and pin", async () => {
  const config = await loadConfig({ file: join(dir, "lab.yaml"), env: {}, cwd: "/" });
  expect(config.warnings).toEqual([]);
  expect(await config.array.password?.reveal()).toBe(lab.info.dgs.password);
  expect(await config.vcenter.password.reveal()).toBe(lab.info.vcenter.password);
  expect(resolveTls(config.vcenter.tls)).toEqual({ thumbprint: lab.info.vcenter.thumbprint });
  expect(config.approval).toMatchObject({ policy: { automated_testing: "token", rollback: "human" }, cli: "allow" });
});
