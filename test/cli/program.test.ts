import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { MODE_FLAGS, PREP_FLAGS } from "../../src/cli/args/flags.ts";
import { loadConfig } from "../../src/config/load.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import { safeText } from "../../src/core/domain/safe-text.ts";
import type { Engine } from "../../src/core/engine.ts";
import { VERSION } from "../../src/platform/version.ts";
import { cli, LUN, planOf, runOf, terminal } from "./terminal/terminal.ts";

const refusal = async (argv: string[]) => {
  const on = terminal();
  const code = await cli([...argv, "--json"], {}, on);
  const { error } = z
    .object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string() }) })
    .parse(JSON.parse(on.out()));
  return { exit: code, ...error };
};

describe("a command line that makes no sense", () => {
  it.each([
    [["-n", "Gold"], "No mode"],
    [[], "No mode"],
    [["-A", "-M", "-n", "Gold"], "-A and -M"],
    [["-A", "-rvgd", "-n", "Gold"], "-A and -rvgd"],
    [["-A"], "No LUN"],
    [["-A", "-n", "Gold", "--yes-rollback", "Gold"], "--yes-rollback"],
    [["approve"], "`atvm_prep approve` requires a PLAN."],
    [["snapshots"], "`atvm_prep snapshots` requires a LUN."],
    [["run", "show"], "`atvm_prep run show` requires a RUN."],
    [["audit", "show", "--until", "never"], "--until is neither"],
    [["runs", "--limit", "many"], "--limit"],
  ])("%j is BAD_REQUEST and ends with 2", async (argv, message) => {
    expect(await refusal(argv)).toMatchObject({
      exit: 2,
      code: "BAD_REQUEST",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    [["-A", "-n", "Gold", "--snapshot-name", "s"], "--snapshot_name"],
    [["-A", "-n", "Gold", "--forse_power_off"], "--force_power_off"],
    [["aprove", "plan_1"], "atvm_prep approve"],
    [["rnus", "--limit", "5"], "atvm_prep runs"],
    [["run", "shw", "run_1"], "atvm_prep run show"],
    [["run", "resume", "run_1", "--dryrun"], "--dry-run"],
    [["-A", "-n", "Gold", "--snapshot", "s"], "--snapshot_name"],
    [["complet"], "atvm_prep completion"],
  ])("%j names what comes nearest", async (argv, near) => {
    expect((await refusal(argv)).hint).toContain(`Did you mean \`${near}\`?`);
  });

  it.each([
    [["-A", "-n", "Gold", "--ye"]],
    [["-A", "-n", "Gold", "--yess"]],
    [["run", "resume", "run_1", "--yse"]],
    [["plans", "--limit", "5"]],
    [["runs", "--dgs_lun_nmae_of_mine", "x"]],
    [["frobnicate"]],
    [["execute-rn", "run_1"]],
  ])(
    "%j, to which nothing of that command comes near, gets no suggestion, and never one that approves",
    async (argv) => {
      expect((await refusal(argv)).hint).toBe("See `atvm_prep --help`.");
    },
  );

  it("says which words may follow where one is missing", async () => {
    expect((await refusal(["run"])).hint).toContain("show, watch, resume, cancel");
  });

  it.each([["show"], ["export"]])("takes no words for a time in audit %s", async (command) => {
    for (const since of ["yesterday", "2026", "2026-02-31", "2026-11-23 or so"]) {
      expect(await refusal(["audit", command, "--since", since])).toMatchObject({ exit: 2, code: "BAD_REQUEST" });
    }
  });

  it("refuses --json for the server, whose standard output is MCP's", async () => {
    expect(await refusal(["serve"])).toMatchObject({ code: "BAD_REQUEST", exit: 2, hint: "Leave out --json." });
  });

  it.each([
    [["-A", "-n", "Gold", "--vcenter_pasword=hunter2-canary"]],
    [["-A", "-n", "Gold", "-vp", "two", "hunter2-canary"]],
  ])("a mistake in %j does not repeat what may be a password", async (argv) => {
    expect(JSON.stringify(await refusal(argv))).not.toContain("hunter2-canary");
  });

  it.each(["here:there", "70000", "127.0.0.1:"])("does not listen at %s", async (address) => {
    expect(await refusal(["serve", "--http", address])).toMatchObject({ code: "BAD_REQUEST", exit: 2 });
  });
});

describe("help", () => {
  it("has every mode, flag and default of the script", async () => {
    const on = terminal();
    expect(await cli(["--help"], {}, on)).toBe(0);
    for (const { short, long } of PREP_FLAGS) {
      expect(on.out()).toContain(long);
      if (short !== undefined) expect(on.out()).toContain(`${short}, ${long}`);
    }
    for (const text of ["CDS1-ESX165", "192.168.1.165", "the latest"]) expect(on.out()).toContain(text);
    expect(MODE_FLAGS.map(({ short, long }) => short ?? long)).toEqual([
      "-A",
      "-M",
      "-R",
      "-U",
      "-rvgd",
      "--release",
      "--take_snapshot",
    ]);
  });

  it("is a command's own where a command is named", async () => {
    const on = terminal();
    expect(await cli(["lab", "--help"], {}, on)).toBe(0);
    expect(on.out()).toContain("--write-config");
  });

  it("tells the version", async () => {
    const on = terminal();
    expect(await cli(["--version"], {}, on)).toBe(0);
    expect(on.out()).toBe(`${VERSION}\n`);
  });
});

describe("approve", () => {
  const parts = (asked: unknown[]): Partial<Engine> => ({
    getPlan: async () => planOf("rollback"),
    approve: async (planId, actor, typedLun) => {
      asked.push([planId, actor.channel, typedLun]);
      return planOf("rollback");
    },
  });

  it("shows the plan, wants a rollback's LUN typed, and approves as a person", async () => {
    const on = terminal({ tty: true });
    const asked: unknown[] = [];
    on.type(LUN);
    expect(await cli(["approve", "plan_1"], parts(asked), on)).toBe(0);
    expect(asked).toEqual([["plan_1", "cli", LUN]]);
    expect(on.err()).toContain("atvm_prep -rvgd");
  });

  it("refuses an open plan without a terminal, whatever is piped in", async () => {
    const on = terminal();
    on.io.stdin.push(`${LUN}\n`);
    expect(await cli(["approve", "plan_1"], { getPlan: async () => planOf("rollback") }, on)).toBe(4);
    expect(on.err()).toContain("NOT_APPROVED");
  });

  it("tells of a plan that is not there also where there is no terminal", async () => {
    const on = terminal();
    const getPlan = () => Promise.reject(new PrepError("PLAN_UNKNOWN", "There is no plan plan_9.", { hint: "h" }));
    expect(await cli(["approve", "plan_9"], { getPlan }, on)).toBe(1);
    expect(on.err()).toContain("PLAN_UNKNOWN");
  });

  it.each([
    ["expired", 4],
    ["stale", 6],
    ["obsolete", 6],
    ["redeemed", 2],
  ] as const)("asks nothing about a plan that is %s", async (state, code) => {
    const on = terminal({ tty: true });
    expect(await cli(["approve", "plan_1"], { getPlan: async () => planOf("register", { state }) }, on)).toBe(code);
    expect(on.err()).not.toContain("[y/n]");
  });
});

describe("lists", () => {
  it("show open plans, never their tokens", async () => {
    const on = terminal();
    expect(await cli(["plans", "--json"], { listPlans: async () => [planOf()] }, on)).toBe(0);
    expect(JSON.parse(on.out())).toMatchObject({ plans: [{ planId: "plan_1" }] });
    expect(on.out()).not.toContain("token-canary");
  });

  it("take --config before and after the command", async () => {
    const filters: unknown[] = [];
    const listRuns: Engine["listRuns"] = async (filter) => {
      filters.push(filter);
      return [runOf()];
    };
    expect(await cli(["--config", "a.yaml", "runs", "-c", "CDS1-ESX165", "--limit", "5"], { listRuns })).toBe(0);
    expect(await cli(["runs", "--config", "a.yaml"], { listRuns })).toBe(0);
    expect(filters).toEqual([{ client: "CDS1-ESX165", limit: 5 }, {}]);
  });

  it("plan what a run left, and carry it out", async () => {
    const calls: string[] = [];
    const parts: Partial<Engine> = {
      resumePlan: async (runId) => {
        calls.push(`resume ${runId}`);
        return planOf();
      },
      approve: async () => planOf(),
      confirm: async () => {
        calls.push("confirm");
        return runOf();
      },
    };
    expect(await cli(["run", "resume", "run_0", "--yes"], parts)).toBe(0);
    expect(calls).toEqual(["resume run_0", "confirm"]);
  });
});

describe("run show", () => {
  it.each(["failed", "cancelled", "needs_operator"] as const)("ends with 0 for a run that is %s", async (state) => {
    const on = terminal();
    expect(await cli(["run", "show", "run_1"], { getRun: async () => runOf(state) }, on)).toBe(0);
    expect(on.out()).toContain("run_1");
  });

  it("says that there are no runs where the latest is asked for", async () => {
    const on = terminal();
    expect(await cli(["run", "show", "latest"], { listRuns: async () => [] }, on)).toBe(1);
    expect(on.err()).toMatch(/^RUN_UNKNOWN: There are no runs yet\./);
  });

  it("ends with the refusal's code where there is no such run", async () => {
    const getRun = () => Promise.reject(new PrepError("RUN_UNKNOWN", "There is no such run.", { hint: "h" }));
    expect(await cli(["run", "show", "run_9"], { getRun })).toBe(1);
  });
});

describe("a configuration's warnings", () => {
  it.each([
    [["runs"], { listRuns: async () => [] }],
    [["plans", "--json"], { listPlans: async () => [] }],
    [["audit", "verify"], { verifyAudit: async () => ({ holds: true, rows: 0, problems: [] }) }],
  ] satisfies [string[], Partial<Engine>][])("are on standard error of %j", async (argv, parts) => {
    const on = terminal();
    expect(await cli(argv, parts, on, { warnings: ["vcenter.tls is insecure"] })).toBe(0);
    expect(on.err()).toBe("Warning: vcenter.tls is insecure\n");
    expect(on.out()).not.toContain("insecure");
  });
});

describe("audit", () => {
  it("that does not hold ends with 1 and says where", async () => {
    const on = terminal();
    const verifyAudit = async () => ({ holds: false, rows: 7, problems: ["row 4 was changed"] });
    expect(await cli(["audit", "verify"], { verifyAudit }, on)).toBe(1);
    expect(on.out()).toContain("row 4 was changed");
  });

  const row = (seq: number) => ({
    seq,
    at: "t",
    type: "x",
    actor: "a",
    channel: "cli",
    data: {},
    prev: "0",
    hash: "h",
  });
  const chain = { holds: true, rows: 50, problems: [] };

  it("is shown with every row that was asked for, the newest last", async () => {
    const on = terminal();
    const rows = Array.from({ length: 50 }, (_, at) => row(at + 1));
    expect(await cli(["audit", "show"], { readAudit: async () => ({ rows, chain }) }, on)).toBe(0);
    const seqs = [...on.out().matchAll(/^- #(\d+)/gm)].map(([, seq]) => Number(seq));
    expect(seqs).toEqual(rows.map(({ seq }) => seq));
  });

  it.each([["run_1"], ["run_1a"], ["latest"]])("is asked who by %s of a run", async (typed) => {
    const asked: string[] = [];
    const whoTouched: Engine["whoTouched"] = async (about) => {
      asked.push(about);
      return { about: safeText(about), runs: [], chain };
    };
    const listRuns = async () => [runOf("succeeded", { runId: "run_1abc" })];
    expect(await cli(["audit", "who", typed], { whoTouched, listRuns })).toBe(0);
    expect(asked).toEqual(["run_1abc"]);
  });

  it.each([
    ["2026-11-23", "2026-11-23T00:00:00.000Z"],
    ["2026-11-23T10:00Z", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00.000Z"],
  ])("is asked for since %s, in the form of its rows", async (given, since) => {
    const filters: unknown[] = [];
    const readAudit: Engine["readAudit"] = async (filter) => {
      filters.push(filter);
      return { rows: [], chain };
    };
    expect(await cli(["audit", "show", "--since", given], { readAudit })).toBe(0);
    expect(await cli(["audit", "export", "--since", given], { readAudit })).toBe(0);
    expect(filters).toMatchObject([{ since }, { since }]);
  });

  it.each([[["audit", "export"]], [["audit", "export", "--json"]]])(
    "is JSON Lines, oldest first, by %j",
    async (argv) => {
      const on = terminal();
      const readAudit = async () => ({ rows: [row(2), row(1)], chain });
      expect(await cli(argv, { readAudit }, on)).toBe(0);
      const seqs = on
        .out()
        .trim()
        .split("\n")
        .map((line) => z.object({ seq: z.number() }).parse(JSON.parse(line)).seq);
      expect(seqs).toEqual([1, 2]);
    },
  );
});

describe("init and config schema", () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), "atvm-cli-"));
    folders.push(made);
    return made;
  };

  it("writes a configuration that loads as it stands, and never over another", async () => {
    const cwd = await folder();
    const on = terminal({ cwd });
    expect(await cli(["init"], {}, on)).toBe(0);
    const file = join(cwd, "atvm.config.yaml");
    const config = await loadConfig({ file, env: { HOME: cwd }, cwd });
    expect(config.approval.policy).toMatchObject({ automated_testing: "prompt", rollback: "human" });
    const before = await readFile(file, "utf8");
    expect(await cli(["init"], {}, on)).toBe(2);
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("tells a script where it wrote it", async () => {
    const cwd = await folder();
    const on = terminal({ cwd });
    expect(await cli(["init", "mine.yaml", "--json"], {}, on)).toBe(0);
    expect(JSON.parse(on.out())).toEqual({ file: join(cwd, "mine.yaml") });
  });

  it.each([[["config", "schema"]], [["config", "schema", "--json"]]])("prints the schema for %j", async (argv) => {
    const on = terminal();
    expect(await cli(argv, {}, on)).toBe(0);
    expect(JSON.parse(on.out())).toMatchObject({ type: "object", properties: { array: {}, vcenter: {} } });
  });
});
