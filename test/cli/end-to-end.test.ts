/** The operator's door on the real lab: real sockets, a real store, the process's own exit codes. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCli } from "../../src/cli/cli.ts";
import { type RunningLab, startLab } from "../../src/lab/start.ts";
import { runView } from "../../src/text/views.ts";
import { LUN, terminal } from "./terminal/terminal.ts";

let folder: string;
let lab: RunningLab;
let config: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atvm-cli-"));
  config = join(folder, "lab.yaml");
  lab = await startLab({ writeConfig: config });
});
afterAll(async () => {
  await lab.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await control("POST", "reset", { scenario: "clone-assigned" });
});

const control = async (method: string, path: string, body?: object): Promise<void> => {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${lab.info.control.url}/${path}`, { ...init, headers });
  expect(response.ok).toBe(true);
};

async function atvm(...argv: string[]) {
  const on = terminal({ cwd: folder });
  const code = await runCli([...argv, "--config", config], on.io);
  return { code, out: on.out(), err: on.err(), all: on.out() + on.err() };
}

const clones = () => lab.world.model.volumes.filter(({ kind }) => kind === "clone").map(({ id }) => id);

describe("atvm_prep against the lab", () => {
  it("makes a fresh clone, and cleans that one up the next time", async () => {
    const before = clones();
    const first = await atvm("-A", "-n", "Gold", "--yes", "--json");
    expect(first).toMatchObject({ code: 0 });
    expect(JSON.parse(first.out)).toMatchObject({ state: "succeeded", report: { volume: {} } });
    const between = clones();
    expect(between).not.toEqual(before);

    expect(await atvm("-A", "-n", "gold", "--yes")).toMatchObject({ code: 0 });
    expect(clones()).toHaveLength(1);
    expect(clones()).not.toEqual(between);
    expect((await atvm("audit", "verify")).code).toBe(0);
  });

  it("signs in once on each system for plan, second look and run, and signs out", async () => {
    expect(await atvm("-A", "-n", "Gold", "--yes")).toMatchObject({ code: 0 });
    const calls = z
      .object({ dgs: z.record(z.string(), z.number()), vim: z.record(z.string(), z.number()) })
      .parse(await (await fetch(`${lab.info.control.url}/calls`)).json());
    expect(calls.vim).toMatchObject({ RetrieveServiceContent: 1, Login: 1, Logout: 1 });
    expect(calls.dgs).toMatchObject({ CreateSession: 1, DeleteSession: 1 });
    // Each look is a look of its own: the plan's, the confirm's, the run's before its first step.
    expect(calls.dgs["ListClients"]).toBe(3);
  });

  it("goes on where a session ends between the plan and the run", async () => {
    await control("POST", "faults", { api: "vim", op: "QueryUnresolvedVmfsVolumes", nth: 3, action: "expire-session" });
    await control("POST", "faults", { api: "dgs", op: "ListSnapshots", nth: 2, action: "expire-session" });
    expect(await atvm("-A", "-n", "Gold", "--yes", "--json")).toMatchObject({ code: 0 });
    await control("DELETE", "faults");
  });

  it("prints a command that, given back, plans the same", async () => {
    const { out } = await atvm("-A", "-n", "Gold", "--dry-run");
    const line = out.split("\n").find((one) => one.trim().startsWith("atvm_prep "));
    const words = (line ?? "").trim().split(" ").slice(1);
    expect(words).toContain(LUN);
    const again = await atvm(...words, "--dry-run");
    expect(again.out).toContain((line ?? "").trim());
    expect(lab.world.mutations).toEqual([]);
  });

  it.each([
    [["-A", "-n", "AutomatedTest-VMBootImg-Glod"], "UNKNOWN_LUN", 3],
    [["-A", "-n", "Gold", "-s", "nightly-1999"], "SNAPSHOT_NOT_FOUND", 3],
    [["-A", "-n", "Gold", "-c", "CDS1-ESX165", "-e", "192.168.1.166"], "PAIR_CONFLICT", 3],
  ])("refuses %j with %s, a hint and no stack", async (argv, code, exit) => {
    const refused = await atvm(...argv, "--yes");
    expect(refused.code).toBe(exit);
    expect(refused.err).toContain(code);
    expect(refused.err).toContain("What you can do");
    expect(refused.all).not.toMatch(/^\s+at .*:\d+/m);
    expect(lab.world.mutations).toEqual([]);
  });

  it("ends with the run's error when the array goes away in the middle, and the journal says how far it came", async () => {
    await control("POST", "faults", { api: "dgs", op: "CloneSnapshot", times: 50, action: "reset" });
    const stopped = await atvm("-A", "-n", "Gold", "--yes");
    await control("DELETE", "faults");
    expect(stopped.code).not.toBe(0);
    expect(stopped.all).not.toMatch(/^\s+at .*:\d+/m);
    const { out } = await atvm("runs", "--limit", "1", "--json");
    const { runs } = z.object({ runs: z.array(runView) }).parse(JSON.parse(out));
    const states = runs[0]?.steps.map(({ kind, state }) => `${kind} ${state}`);
    // The clone is made first: nothing of the old environment was touched.
    expect(states).toContain("create_clone unknown");
    expect(states?.filter((state) => !state.startsWith("create_clone"))).toEqual(
      states?.slice(1).map((state) => state.replace(/ \w+$/, " pending")),
    );
  });

  it("leaves no plan open where --yes does not stand for a person", async () => {
    const strict = join(folder, "strict.yaml");
    const settings = (await readFile(config, "utf8")).replace(/^approval:.*\n(?:[ \t].*\n)*/m, "");
    await writeFile(strict, `${settings}\napproval: {default: human, cli: deny}\n`);
    const on = terminal({ cwd: folder });
    expect(await runCli(["-A", "-n", "Gold", "--yes", "--config", strict], on.io)).toBe(4);
    expect(on.err()).toContain("Run it on a terminal without `--yes`");
    expect(JSON.parse((await atvm("plans", "--json")).out)).toEqual({ plans: [] });
    expect(lab.world.mutations).toEqual([]);
  });

  it("reports what a site has, and what it lacks", async () => {
    const well = await atvm("doctor");
    expect(well).toMatchObject({ code: 0 });
    expect(well.out).toMatch(/^ok +pair CDS1-ESX165 =.*connected/m);
    const secret = join(folder, "lab.array-password");
    const right = await readFile(secret, "utf8");
    try {
      await writeFile(secret, "a wrong one");
      const ill = await atvm("doctor");
      expect(ill.out).toMatch(/^FAILED +array: sign-in/m);
      expect(ill.out).toMatch(/^ok +vCenter: sign-in/m);
    } finally {
      await writeFile(secret, right);
    }
  });

  it("leaves no secret of the lab in what it prints, logs or stores", async () => {
    const { all } = await atvm("-A", "-n", "Gold", "--yes");
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const kept = files.filter((file) => file.isFile() && !file.name.endsWith("-password"));
    const texts = await Promise.all(kept.map((file) => readFile(join(file.parentPath, file.name), "latin1")));
    expect(kept.some(({ name }) => name === "atvm_prep.log")).toBe(true);
    for (const secret of [lab.info.dgs.password, lab.info.vcenter.password]) {
      expect([all, ...texts].some((text) => text.includes(secret))).toBe(false);
    }
  });
});
