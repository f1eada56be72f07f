/** Every mode runs on the lab with exactly the privileges that docs/privileges.md gives its role, and no privilege stands there in vain. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp } from "../../src/app.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import { MODES, type Mode, traitsOf } from "../../src/core/domain/modes.ts";
import { type RunningLab, startLab } from "../../src/lab/start.ts";
import { PRIVILEGES, privilegesOf } from "../../src/vsphere/privileges.ts";

let dir: string;
let lab: RunningLab;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "atvm-roles-"));
  lab = await startLab({ writeConfig: join(dir, "lab.yaml") });
});
afterAll(async () => {
  await lab.close();
  await rm(dir, { recursive: true, force: true });
});

async function control(path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${lab.info.control.url}/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
}

/** The state that the run ended in, or the refusal, with everything that was said. */
async function attempt(mode: Mode, privileges: readonly string[]): Promise<{ state: string; said: string }> {
  await control("reset", { scenario: "clone-assigned" });
  await control("touch", { what: "restricted-role", privileges });
  const app = await openApp({ configFile: join(dir, "lab.yaml"), env: { HOME: dir }, cwd: dir });
  const actor = app.actor("cli");
  const registerVms = traitsOf(mode).options.includes("registerVms");
  try {
    const plan = await app.engine.plan(
      mode,
      { lun: "Gold", newSnapshot: "by-hand", crashConsistent: true, ...(registerVms ? { registerVms } : {}) },
      actor,
    );
    if (plan.approval.policy === "human") await app.engine.approve(plan.planId, actor, plan.target.lun.name);
    const run = await app.engine.confirm(plan.planToken ?? "", actor);
    return { state: run.state, said: JSON.stringify(run) };
  } catch (thrown) {
    if (!(thrown instanceof PrepError)) throw thrown;
    return { state: thrown.code, said: JSON.stringify(thrown.toRecord()) };
  } finally {
    await app.close();
  }
}

const grantable = (mode: Mode): string[] =>
  privilegesOf(mode)
    .map(({ id }) => id)
    .filter((id) => !id.startsWith("System."));

describe("a role", () => {
  it.each(MODES)("with what the table says is enough for %s", async (mode) => {
    const { state, said } = await attempt(mode, grantable(mode));
    expect(state, said).toBe("succeeded");
  });

  it.each(
    PRIVILEGES.filter(({ id }) => !id.startsWith("System.")).map((privilege) => [privilege.id, privilege] as const),
  )("without %s is not enough, and what is missing is named", async (id, { modes, withRegisterVms }) => {
    const [mode = "register"] = [...withRegisterVms, ...modes];
    const { state, said } = await attempt(
      mode,
      grantable(mode).filter((other) => other !== id),
    );
    expect(state).not.toBe("succeeded");
    expect(said).toContain(id);
  });
});
