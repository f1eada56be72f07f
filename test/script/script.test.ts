/** `engine: script`: a stand-in for the site's script, run here and over a real sshd, on the real lab. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { runCli } from "../../src/cli/cli.ts";
import { type RunningLab, startLab } from "../../src/lab/start.ts";
import { terminal } from "../cli/terminal/terminal.ts";
import { ControlClient } from "../support/lab.ts";
import { hasSshd, type Sshd, startSshd } from "../support/sshd.ts";

const LUN = "AutomatedTest-VMBootImg-Gold";
const STAND_IN = fileURLToPath(new URL("../support/stand-in-script.ts", import.meta.url));
const QUESTIONS = ["Do you want to continue with this command?", "Power off the VMs of *?"];

let folder: string;
let lab: RunningLab;
let control: ControlClient;
let sshd: Sshd | undefined;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atvm-script-"));
  lab = await startLab({ writeConfig: at("steps.yaml") });
  control = new ControlClient(lab.info.control.url);
  sshd = hasSshd ? await startSshd(at("sshd")) : undefined;
});
afterAll(async () => {
  await sshd?.stop();
  await lab.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await control.reset({ scenario: "clone-assigned" });
  await Promise.all([writeFile(at("script.log"), ""), writeFile(at("calls"), "")]);
});

interface Site {
  readonly behaviour?: string;
  readonly script?: object;
  readonly more?: object;
}

async function configure({ behaviour = "works", script = {}, more = {} }: Site = {}): Promise<void> {
  const settings = { config: at("steps.yaml"), log: at("script.log"), calls: at("calls"), behaviour };
  await writeFile(at("stand-in.json"), JSON.stringify(settings));
  const { vcenter } = lab.info;
  const config = {
    engine: "script",
    script: {
      command: [process.execPath, STAND_IN, at("stand-in.json")],
      log: at("script.log"),
      prompts: QUESTIONS,
      ...script,
    },
    vcenter: {
      address: new URL(vcenter.url).host,
      username: vcenter.username,
      password: { file: at("steps.vcenter-password") },
      tls: { thumbprint: vcenter.thumbprint },
    },
    proxy: "none",
    approval: { default: "token", rollback: "human", cli: "allow" },
    store: { sqlite: at("script.sqlite") },
    log: { dir: at("log") },
    limits: { deviceWait: "2s" },
    ...more,
  };
  await writeFile(at("atvm.config.yaml"), stringify(config), { mode: 0o600 });
}

async function atvm(...argv: string[]) {
  const on = terminal({ cwd: folder });
  const code = await runCli([...argv, "--config", at("atvm.config.yaml")], on.io);
  return { code, out: on.out(), err: on.err() };
}

const Script = z.object({
  ended: z.string(),
  answered: z.array(z.string()),
  output: z.array(z.string()),
  log: z.array(z.string()),
});
const Run = z.looseObject({
  runId: z.string(),
  state: z.string(),
  report: z
    .looseObject({ script: Script.optional(), datastore: z.looseObject({ name: z.string() }).optional() })
    .optional(),
  error: z.looseObject({ code: z.string(), message: z.string(), hint: z.string() }).optional(),
  steps: z.array(z.looseObject({ kind: z.string(), state: z.string() })),
});
const runOf = (out: string) => {
  const parsed = Run.safeParse(JSON.parse(out));
  if (parsed.success) return parsed.data;
  throw new Error(out);
};
const callsOf = async (): Promise<string[][]> =>
  (await readFile(at("calls"), "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => z.array(z.string()).parse(JSON.parse(line)));
const errorOf = (out: string) =>
  z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) }).parse(JSON.parse(out)).error;
const clones = () => lab.world.model.volumes.filter(({ kind }) => kind === "clone").map(({ id }) => id);
const left = (): string => {
  try {
    return execFileSync("pgrep", ["-f", `[s]tand-in-script.ts ${at("stand-in.json")}`], { encoding: "utf8" });
  } catch {
    return "";
  }
};

const PLACES = [
  ["on this machine", () => ({})],
  ["over ssh", () => ({ ssh: { destination: "controller", config: sshd?.config ?? "" } })],
] as const;

describe.each(PLACES)("the site's script %s", { timeout: 120_000 }, (place, where) => {
  // A connection takes its time; what does not depend on it is looked at here.
  const thorough = place === "on this machine";
  describe.skipIf(!thorough && !hasSshd)("as the engine", () => {
    it("carries a plan out, with the approved words, its questions answered, and vSphere looked at afterwards", async () => {
      await configure({ script: where() });
      const before = clones();
      const { code, out } = await atvm("-A", "-n", "Gold", "-s", "nightly", "--dry-run", "--json");
      expect(code).toBe(0);
      const plan = z
        .looseObject({
          command: z.string(),
          warnings: z.array(z.string()),
          impact: z.looseObject({ vmsToPowerOff: z.array(z.looseObject({ name: z.string() })) }),
          steps: z.array(z.looseObject({ kind: z.string(), irreversible: z.boolean(), text: z.string() })),
        })
        .parse(JSON.parse(out));
      expect(plan.steps).toMatchObject([{ kind: "script", irreversible: true }]);
      expect(plan.impact.vmsToPowerOff.length).toBeGreaterThan(0);
      expect(plan.warnings.join("\n")).toMatch(/unchecked/);
      expect(await callsOf()).toEqual([]);

      const { name: snapshot } = lab.world.model.snapshots.find(({ name }) => name.startsWith("nightly")) ?? {
        name: "",
      };
      const done = await atvm("-A", "-n", "Gold", "-s", snapshot, "--yes", "--json");
      const run = runOf(done.out);
      expect({ code: done.code, state: run.state, error: run.error }).toEqual({
        code: 0,
        state: "succeeded",
        error: undefined,
      });
      expect(clones()).not.toEqual(before);
      const [words = []] = await callsOf();
      const { vcenter } = lab.info;
      expect(words).toEqual([
        ...[
          "-A",
          "-n",
          LUN,
          "-s",
          snapshot,
          "-c",
          "CDS1-ESX165",
          "-vi",
          new URL(vcenter.url).host,
          "-e",
          "192.168.1.165",
        ],
        ...["-vu", vcenter.username, "-vp", vcenter.password],
      ]);
      expect(run.report?.script).toMatchObject({
        ended: "The script exited with 0.",
        answered: ["Do you want to continue with this command? [y/n]:", "Power off the VMs of CDS1-ESX165? (y/n)"],
      });
      expect(run.report?.script?.log.at(-1)).toMatch(/done$/);
      expect(run.report?.datastore?.name).toBe(LUN);
      expect(done.out + done.err).not.toContain(vcenter.password);
    });

    it.each([
      ["fails", /exited with 3.*In vSphere, datastore/s],
      ["dies half-way", thorough ? /ended by SIGKILL/ : /connection to the script was lost/],
      ["does nothing", /exited with 0.*on the disk of before/s],
    ])("calls for an operator where it %s", async (behaviour, message) => {
      await configure({ behaviour, script: where() });
      const { code, out } = await atvm("-A", "-n", "Gold", "--yes", "--json");
      const run = runOf(out);
      expect({ code, state: run.state, step: run.steps[0]?.state }).toEqual({
        code: 7,
        state: "needs_operator",
        step: "unknown",
      });
      expect(run.error).toMatchObject({ code: "OUTCOME_UNKNOWN", message: expect.stringMatching(message) });
      expect(run.report?.script?.output.join("\n")).toContain("start -A");
      expect(run.report?.script?.log.join("\n")).toContain("start -A");
      const again = await atvm("run", "resume", "latest", "--json");
      expect(errorOf(again.out)).toMatchObject({
        code: "OUTCOME_UNKNOWN",
        message: expect.stringContaining("never run a second time"),
      });
      expect(await callsOf()).toHaveLength(1);
    });

    it.each(thorough ? ["hangs", "hangs on"] : ["hangs on"])(
      "is ended after its time where it %s, and says so",
      async (behaviour) => {
        await configure({ behaviour, script: { ...where(), timeout: "4s" } });
        const { code, out } = await atvm("-A", "-n", "Gold", "--yes", "--json");
        expect(code).toBe(7);
        expect(runOf(out).error?.message).toMatch(/did not end within 4 s and was stopped/);
        expect(left()).toBe("");
      },
    );

    it.each([
      ["asks something else", "not among the known questions", "Erase the whole array? [y/n]:"],
      ["asks twice", "asked the same again", "Do you want to continue with this command? [y/n]:"],
      ["asks without a mark", "seems to wait", "Which pool is to be used?"],
    ])("stops where it %s, without an answer", async (behaviour, how, question) => {
      await configure({ behaviour, script: { ...where(), quiet: "500ms" } });
      const before = clones();
      const { code, out } = await atvm("-A", "-n", "Gold", "--yes", "--json");
      const { error } = runOf(out);
      expect(code).toBe(7);
      expect(error?.message).toContain(how);
      expect(error?.message).toContain(question);
      expect(error?.hint).toContain("script.prompts");
      expect(clones()).toEqual(before);
      expect(left()).toBe("");
    });

    it("gets a hostile name as one word", async () => {
      await configure({ behaviour: "fails", script: where() });
      const snapshot = "a b;$(touch x)`id`'\"\\ *!~";
      await atvm("-A", "-n", "Gold", "-s", snapshot, "--yes", "--json");
      expect((await callsOf())[0]?.slice(3, 5)).toEqual(["-s", snapshot]);
    });
  });
});

describe("a run of the site's script that nobody sees the end of", { timeout: 120_000 }, () => {
  const started = async (): Promise<void> => {
    while (!(await readFile(at("script.log"), "utf8")).includes("waiting for the array")) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const killScript = () => {
    for (const pid of left().split("\n").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
  };

  it("is told as that where its runner is killed: it is not resumed, and none is begun beside it", async () => {
    await configure({ behaviour: "hangs" });
    const words = ["src/main.ts", "-A", "-n", "Gold", "--yes", "--config", at("atvm.config.yaml")];
    const runner = spawn(process.execPath, words, { stdio: "ignore" });
    try {
      await started();
      runner.kill("SIGKILL");
      await once(runner, "exit");
      const shown = runOf((await atvm("run", "show", "latest", "--json")).out);
      expect(shown).toMatchObject({ state: "interrupted", steps: [{ kind: "script", state: "unknown" }] });
      expect(JSON.stringify(shown)).toContain("Whether the script still runs");
      expect(errorOf((await atvm("run", "resume", "latest", "--json")).out).code).toBe("OUTCOME_UNKNOWN");
      const beside = runOf((await atvm("-A", "-n", "Gold", "--yes", "--json")).out);
      expect(beside).toMatchObject({ state: "failed", error: { code: "LOCKED" } });
    } finally {
      killScript();
    }
  });

  it.skipIf(!hasSshd)("may still be running where the connection is lost, and that is said", async () => {
    await configure({ behaviour: "hangs", script: { ssh: { destination: "controller", config: sshd?.config ?? "" } } });
    try {
      const going = atvm("-A", "-n", "Gold", "--yes", "--json");
      await started();
      sshd?.cut();
      const run = runOf((await going).out);
      expect(run).toMatchObject({ state: "needs_operator", error: { code: "OUTCOME_UNKNOWN" } });
      expect(run.error?.hint).toContain("It may still be running over ssh as controller");
    } finally {
      killScript();
    }
  });
});

describe("a plan for the site's script", { timeout: 120_000 }, () => {
  it.each([
    [["-R", "-n", "Gold"], /cleans up on -R/],
    [["-U", "-n", "Gold"], /cleans up on -U/],
    [["--release", "-n", "Gold"], /has no release/],
    [["-A", "-n", "Gold", "--register_vms"], /does not have registerVms/],
    [["-M", "-n", "Gold", "--keep_clone"], /does not have keepClone/],
    [["-rvgd", "-n", "Gold"], /No snapshot was named/],
  ])("is refused for what the script lacks: %j", async (argv, message) => {
    await configure();
    const { code, out } = await atvm(...argv, "--dry-run", "--json");
    expect(code).toBe(2);
    expect(errorOf(out)).toMatchObject({ code: "BAD_REQUEST", message: expect.stringMatching(message) });
  });

  it("is made for -R and -U once the script's condition is mended", async () => {
    await configure({ script: { conditionFixed: true } });
    for (const flag of ["-R", "-U"])
      expect(await atvm(flag, "-n", "Gold", "--yes", "--json")).toMatchObject({ code: 0 });
    expect((await callsOf()).map(([flag]) => flag)).toEqual(["-R", "-U"]);
  });

  it("does maintenance and rollback, and tells gold from a clone by how it is mounted", async () => {
    await configure();
    const kept = await atvm("-M", "-n", "Gold", "--yes", "--json");
    expect(runOf(kept.out).state).toBe("succeeded");
    await configure({ behaviour: "does nothing" });
    await control.reset({ scenario: "clone-assigned" });
    expect(runOf((await atvm("-M", "-n", "Gold", "--yes", "--json")).out).error?.message).toMatch(
      /by force, as a clone is/,
    );
    await configure();
    const { name = "" } = lab.world.model.snapshots.findLast(({ volumeId }) => volumeId === goldId()) ?? {};
    const back = await atvm("-rvgd", "-n", "Gold", "-s", name, "--yes-rollback", LUN, "--json");
    expect(runOf(back.out).state).toBe("succeeded");
  });

  it("checks the names where there is an array to ask", async () => {
    const { dgs } = lab.info;
    const array = {
      kind: "dgs",
      url: dgs.url,
      username: dgs.username,
      password: { file: at("steps.array-password") },
      tls: { thumbprint: lab.info.vcenter.thumbprint },
    };
    await configure({ more: { array } });
    expect(errorOf((await atvm("-A", "-n", "Gold", "-s", "nowhere", "--dry-run", "--json")).out).code).toBe(
      "SNAPSHOT_NOT_FOUND",
    );
    const done = await atvm("-A", "-n", "Gold", "--yes", "--json");
    expect(runOf(done.out)).toMatchObject({ state: "succeeded" });
    expect((await callsOf())[0]).toContain("-s");
  });

  it("is stale where vSphere has changed since it was shown, and then nothing is run", async () => {
    await configure();
    const on = terminal({ cwd: folder, tty: true });
    let isAsked = false;
    on.io.stderr.on("data", async (chunk: Buffer) => {
      if (isAsked || !chunk.toString().includes("[y/n]")) return;
      isAsked = true;
      await control.touch("power-off");
      on.io.stdin.push("y\n");
    });
    expect(await runCli(["-A", "-n", "Gold", "--config", at("atvm.config.yaml")], on.io)).toBe(6);
    expect(on.err()).toMatch(/was powered off since/);
    expect(await callsOf()).toEqual([]);
  });

  it("is not begun while somebody else runs the script", async () => {
    await configure({ behaviour: "hangs on" });
    const words = [STAND_IN, at("stand-in.json"), "-A", "-n", LUN];
    const other = spawn(process.execPath, words, { stdio: ["pipe", "ignore", "ignore"] });
    try {
      const { out } = await atvm("-A", "-n", "Gold", "--yes", "--json");
      expect(runOf(out)).toMatchObject({ state: "failed", error: { code: "LOCKED" } });
    } finally {
      other.kill("SIGKILL");
    }
  });

  it("is not run where the script cannot be started, and can be resumed", async () => {
    await configure({ script: { command: ["/nowhere/atvm_prep.py"] } });
    const { out } = await atvm("-A", "-n", "Gold", "--yes", "--json");
    expect(runOf(out)).toMatchObject({ state: "failed", error: { code: "UNREACHABLE" } });
    await configure();
    const resumed = runOf((await atvm("run", "resume", "latest", "--yes", "--json")).out);
    expect(resumed).toMatchObject({ state: "succeeded", resumes: expect.stringMatching(/^run_/) });
  });

  it("leaves out what only an array knows", async () => {
    await configure();
    expect(errorOf((await atvm("luns", "--json")).out).code).toBe("NOT_SUPPORTED");
  });
});

const goldId = () => lab.world.model.volumes.find(({ name, kind }) => name === LUN && kind === "gold")?.id;
