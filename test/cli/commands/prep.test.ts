import { describe, expect, it } from "vitest";
import { type ErrorCode, PrepError } from "../../../src/core/domain/errors.ts";
import type { Actor, Engine } from "../../../src/core/engine.ts";
import { StalePlan } from "../../../src/core/plans/stale.ts";
import type { PlanRecord } from "../../../src/core/records.ts";
import { until } from "../../support/children.ts";
import { cli, LUN, planOf, runOf, terminal } from "../terminal/terminal.ts";

/** An engine that plans `plan` and runs to `run`, and what was asked of it. */
function willing(plan = planOf(), run = runOf()) {
  const calls: unknown[][] = [];
  const parts: Partial<Engine> = {
    plan: async (...args) => {
      calls.push(["plan", ...args]);
      return plan;
    },
    approve: async (planId, actor: Actor, typedLun) => {
      calls.push(["approve", planId, actor.channel, typedLun]);
      return plan;
    },
    confirm: async (token, actor) => {
      calls.push(["confirm", token, actor.channel]);
      return run;
    },
    discardPlan: async ({ planId }) => {
      calls.push(["discard", planId]);
      return { ...plan, state: "discarded" };
    },
  };
  return { calls, parts, names: () => calls.map(([name]) => name) };
}

describe("atvm_prep with a mode", () => {
  it("shows the plan, asks, carries it out and reports", async () => {
    const { parts, calls } = willing();
    const on = terminal({ tty: true });
    on.type("y");
    expect(await cli(["-A", "-n", "Gold"], parts, on)).toBe(0);
    expect(calls.slice(1)).toEqual([
      ["approve", "plan_1", "cli", undefined],
      ["confirm", "token-canary-1", "cli"],
    ]);
    expect(on.out()).toContain(`atvm_prep -A -n ${LUN}`);
    expect(on.out() + on.err()).not.toContain("token-canary");
  });

  it("hands every input on under its name", async () => {
    const { parts, calls } = willing();
    const flags = "-A -n Gold -s nightly -c C -e 10.0.0.9 --register_vms --keep_clone --force_power_off --dry-run";
    expect(await cli(flags.split(" "), parts)).toBe(0);
    expect(calls[0]?.slice(1)).toEqual([
      "automated_testing",
      {
        lun: "Gold",
        snapshot: "nightly",
        client: "C",
        host: "10.0.0.9",
        registerVms: true,
        keepClone: true,
        forcePowerOff: true,
        releaseFirst: false,
        crashConsistent: false,
      },
      { principal: "tester", channel: "cli" },
      {},
    ]);
  });

  it.each([
    ["-M", "maintenance"],
    ["--register", "register"],
    ["-U", "unregister"],
    ["-rvgd", "rollback"],
  ])("takes %s for the mode %s", async (flag, mode) => {
    const { parts, calls } = willing();
    await cli([flag, "-n", "Gold", "--dry-run"], parts);
    expect(calls[0]?.[1]).toBe(mode);
  });

  it("on a no changes nothing, discards the plan and ends with 4", async () => {
    const { parts, names } = willing();
    const on = terminal({ tty: true });
    on.type("maybe");
    on.type("n");
    expect(await cli(["-A", "-n", "Gold"], parts, on)).toBe(4);
    expect(names()).toEqual(["plan", "discard"]);
    expect(on.err()).toContain("DECLINED");
  });

  it("without a terminal and without --yes approves nothing, whatever is piped in", async () => {
    const { parts, names } = willing();
    const on = terminal();
    on.io.stdin.push("y\n");
    expect(await cli(["-A", "-n", "Gold"], parts, on)).toBe(4);
    expect(names()).toEqual(["plan", "discard"]);
    expect(on.err()).toContain("NOT_APPROVED");
    expect(on.err()).toContain("--yes");
  });

  it("with --yes is audited as unattended", async () => {
    const { parts, calls } = willing();
    expect(await cli(["-A", "-n", "Gold", "--yes"], parts)).toBe(0);
    expect(calls.slice(1)).toEqual([
      ["approve", "plan_1", "cli-unattended", undefined],
      ["confirm", "token-canary-1", "cli-unattended"],
    ]);
  });

  it("wants a rollback's LUN typed: --yes is not enough", async () => {
    const { parts, names } = willing(planOf("rollback"));
    const on = terminal();
    expect(await cli(["-rvgd", "-n", "Gold", "--yes"], parts, on)).toBe(4);
    expect(names()).toEqual(["plan", "discard"]);
    expect(on.err()).toContain("--yes-rollback");
  });

  it("approves a rollback by the name typed, and as a person's even beside --yes", async () => {
    const { parts, calls } = willing(planOf("rollback"));
    const on = terminal({ tty: true });
    on.type(LUN);
    expect(await cli(["-rvgd", "-n", "Gold", "--yes"], parts, on)).toBe(0);
    expect(calls[1]).toEqual(["approve", "plan_1", "cli", LUN]);
  });

  it("takes another name for no approval", async () => {
    const { parts, names } = willing(planOf("rollback"));
    expect(await cli(["-rvgd", "-n", "Gold", "--yes-rollback", "Gold"], parts)).toBe(4);
    expect(names()).toEqual(["plan", "discard"]);
  });

  it("prints one JSON document, the run, and everything else on standard error", async () => {
    const { parts } = willing();
    const on = terminal();
    expect(await cli(["--json", "-A", "-n", "Gold", "--yes"], parts, on)).toBe(0);
    expect(JSON.parse(on.out())).toMatchObject({ runId: "run_1", state: "succeeded" });
    expect(on.err()).toContain(LUN);
  });

  it("prints the plan alone on --dry-run, and leaves none open", async () => {
    const { parts, names } = willing();
    const on = terminal();
    expect(await cli(["-A", "-n", "Gold", "--dry-run", "--json"], parts, on)).toBe(0);
    expect(JSON.parse(on.out())).toMatchObject({
      planId: "plan_1",
      mode: "automated_testing",
      state: "discarded",
      approval: { how: "This was a dry run: run the command without --dry-run to carry it out." },
    });
    expect(on.out()).not.toMatch(/planToken|token-canary/);
    expect(names()).toEqual(["plan", "discard"]);
  });

  it.each([
    [["--yes"], planOf(), "Approved beforehand with `--yes`."],
    [["--yes-rollback", LUN], planOf("rollback"), "Approved beforehand with `--yes-rollback`."],
    [["--yes"], planOf("register", { steps: [] }), "the goal is already reached"],
  ])("says what answered the question with %j", async (flags, plan, words) => {
    const on = terminal();
    const mode = plan.mode === "rollback" ? "-rvgd" : "-R";
    expect(await cli([mode, "-n", "Gold", ...flags], { ...willing().parts, plan: async () => plan }, on)).toBe(0);
    expect(on.out()).toContain(words);
    expect(on.out().split("RUN run_1")[0]).not.toMatch(/Expires|Approval \(/);
  });

  it("says the same of a dry run in words", async () => {
    const on = terminal();
    expect(await cli(["-A", "-n", "Gold", "--dry-run"], willing().parts, on)).toBe(0);
    expect(on.out()).toMatch(/\n\nThis was a dry run: run the command without --dry-run to carry it out\.\n$/);
    expect(on.out()).not.toMatch(/confirm_plan|Expires|Approval/);
  });

  const refused = (code: ErrorCode) => () =>
    Promise.reject(new PrepError(code, "No.", { hint: "Call confirm_plan with this plan's token." }));

  it.each([
    ["approve", "NOT_APPROVED", 4],
    ["approve", "FORBIDDEN", 3],
    ["confirm", "NOT_APPROVED", 4],
    ["confirm", "WRONG_CONTROLLER", 3],
    ["confirm", "UNREACHABLE", 1],
  ] as const)("leaves no plan open when %s is refused with %s", async (call, code, exit) => {
    const { parts, names } = willing();
    expect(await cli(["-A", "-n", "Gold", "--yes"], { ...parts, [call]: refused(code) })).toBe(exit);
    expect(names().at(-1)).toBe("discard");
  });

  it.each([
    [["-A", "-n", "Gold", "--yes"], planOf()],
    [["-rvgd", "-n", "Gold", "--yes-rollback", LUN], planOf("rollback")],
  ])("tells %j, where only a person approves, to answer on a terminal, not of a token", async (argv, plan) => {
    const { parts } = willing(plan);
    const on = terminal();
    expect(await cli(argv, { ...parts, approve: refused("NOT_APPROVED") }, on)).toBe(4);
    expect(on.err()).toContain("Run it on a terminal without `--yes`");
    expect(on.err()).not.toContain("confirm_plan");
  });

  it("does not offer --yes where it would not count", async () => {
    const { parts } = willing(planOf("maintenance", { approval: { policy: "human" } }));
    const on = terminal();
    expect(await cli(["-M", "-n", "Gold"], parts, on, { approval: { cli: "deny" } })).toBe(4);
    expect(on.err()).toContain("Run it on a terminal.");
    expect(on.err()).not.toContain("--yes");
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP", "n"] as const)(
    "still gives a script its one document when the question is met with %s",
    async (answer) => {
      const { parts, names } = willing();
      const on = terminal({ tty: true });
      const ended = cli(["-A", "-n", "Gold", "--json"], parts, on);
      await until(() => (on.err().includes("[y/n] ") ? true : undefined));
      if (answer === "n") on.io.stdin.push("n\n");
      else on.interrupt(answer);
      expect(await ended).toBe(answer === "n" ? 4 : 130);
      const code = answer === "n" ? "DECLINED" : "NOT_APPROVED";
      expect(JSON.parse(on.out())).toMatchObject({ error: { code, hint: expect.any(String) } });
      expect(names()).toEqual(["plan", "discard"]);
    },
  );

  it.each([
    ["failed", { code: "COPY_NOT_FOUND", message: "m", hint: "h", retryable: false, next: [] }, 3],
    ["needs_operator", undefined, 7],
    ["interrupted", undefined, 130],
  ] as const)("ends a run that is %s with its code", async (state, error, code) => {
    const { parts } = willing(planOf(), runOf(state, error === undefined ? {} : { error: { ...error, next: [] } }));
    expect(await cli(["-A", "-n", "Gold", "--yes"], parts)).toBe(code);
  });

  it("shows a refusal with its hint, without a stack, and its exit code", async () => {
    const on = terminal();
    const plan = () =>
      Promise.reject(new PrepError("UNKNOWN_LUN", "There is no LUN Glod.", { hint: "Did you mean Gold?" }));
    expect(await cli(["-A", "-n", "Glod"], { plan }, on)).toBe(3);
    expect(on.err()).toContain("UNKNOWN_LUN");
    expect(on.err()).toContain("Did you mean Gold?");
    expect(on.err()).not.toMatch(/^\s+at /m);
  });

  it("leaves the fresh plan that a stale one's refusal brings neither open nor with its token", async () => {
    const { parts, calls } = willing();
    const on = terminal();
    const diff = ["VM a was powered on since"];
    const fresh = planOf("automated_testing", { planId: "plan_2" });
    const confirm = () => Promise.reject(new StalePlan("It moved on.", { hint: "its own token" }, diff, fresh));
    expect(await cli(["-A", "-n", "Gold", "--yes", "--json"], { ...parts, confirm }, on)).toBe(6);
    expect(JSON.parse(on.out())).toMatchObject({
      error: {
        code: "STALE_PLAN",
        diff,
        plan: { state: "discarded" },
        hint: expect.stringContaining("again"),
      },
    });
    expect(calls.at(-1)).toEqual(["discard", "plan_2"]);
    expect(on.out() + on.err()).not.toContain("token-canary");
  });

  it("asks the run to stop on Ctrl-C, and ends with 130", async () => {
    const { parts, calls } = willing();
    const on = terminal();
    const stopped = Promise.withResolvers<void>();
    const confirm: Engine["confirm"] = async (_token, _actor, options) => {
      await options?.onUpdate?.(runOf("running"));
      on.interrupt();
      await stopped.promise;
      return runOf("cancelled");
    };
    const cancelRun: Engine["cancelRun"] = async (runId) => {
      calls.push(["cancel", runId]);
      stopped.resolve();
      return runOf("running");
    };
    expect(await cli(["-A", "-n", "Gold", "--yes"], { ...parts, confirm, cancelRun }, on)).toBe(130);
    expect(calls.at(-1)).toEqual(["cancel", "run_1"]);
  });

  it("goes on when the terminal is closed, unless it was to stay in the foreground", async () => {
    for (const [flags, stops] of [
      [[], false],
      [["--foreground"], true],
    ] as const) {
      const { parts } = willing();
      const on = terminal();
      let cancelled = false;
      const confirm: Engine["confirm"] = async (_token, _actor, options) => {
        await options?.onUpdate?.(runOf("running"));
        on.interrupt("SIGHUP");
        return runOf(cancelled ? "cancelled" : "succeeded");
      };
      const cancelRun: Engine["cancelRun"] = async () => {
        cancelled = true;
        return runOf("running");
      };
      const code = await cli(["-A", "-n", "Gold", "--yes", ...flags], { ...parts, confirm, cancelRun }, on);
      expect([cancelled, code]).toEqual([stops, stops ? 130 : 0]);
    }
  });

  it("ends with a document when it is interrupted while it plans, and drops a plan that comes all the same", async () => {
    const { parts, calls } = willing();
    const on = terminal();
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<PlanRecord>();
    const plan: Engine["plan"] = () => {
      asked.resolve();
      return answered.promise;
    };
    const ended = cli(["-A", "-n", "Gold", "--dry-run", "--json"], { ...parts, plan }, on);
    await asked.promise;
    on.interrupt("SIGTERM");
    answered.resolve(planOf());
    expect(await ended).toBe(130);
    expect(JSON.parse(on.out())).toMatchObject({
      error: { code: "NOT_APPROVED", message: expect.stringContaining("interrupted") },
    });
    expect(calls.at(-1)).toEqual(["discard", "plan_1"]);
  });

  it("hands a reason on", async () => {
    const { parts, calls } = willing();
    expect(await cli(["-A", "-n", "Gold", "--dry-run", "--reason", "nightly"], parts)).toBe(0);
    expect(calls[0]?.[2]).toMatchObject({ reason: "nightly" });
  });

  it("asks nobody where there is nothing to do", async () => {
    const { parts, names } = willing(planOf("maintenance", { steps: [] }), runOf("succeeded", { steps: [] }));
    expect(await cli(["-M", "-n", "Gold"], parts)).toBe(0);
    expect(names()).toEqual(["plan", "confirm"]);
  });
});

describe("another vCenter", () => {
  it("needs its own user and password: the configured secret stays with the configured address", async () => {
    const on = terminal();
    expect(await cli(["-A", "-n", "Gold", "-vi", "10.9.9.9", "-vu", "root"], {}, on)).toBe(2);
    expect(on.err()).toContain("BAD_REQUEST");
    expect(on.out() + on.err()).not.toContain("canary");
  });

  it("is handed on with them, with a warning about -vp, and without printing it", async () => {
    const { parts, calls } = willing();
    const on = terminal();
    const argv = ["-A", "-n", "Gold", "-vi=10.9.9.9", "-vu", "root", "-vp", "pw-canary", "--dry-run"];
    expect(await cli(argv, parts, on)).toBe(0);
    expect(calls[0]?.at(-1)).toEqual({ vcenter: { address: "10.9.9.9", username: "root", password: "pw-canary" } });
    expect(on.err()).toContain("process list");
    expect(on.out() + on.err()).not.toContain("canary");
  });

  it.each(["192.168.0.201", "192.168.0.201:443"])(
    "is none where -vi is the configured address: %s",
    async (address) => {
      const { parts, calls } = willing();
      expect(await cli(["-A", "-n", "Gold", "-vi", address, "--dry-run"], parts)).toBe(0);
      expect(calls[0]?.at(-1)).toEqual({});
    },
  );

  it.each(["https://192.168.0.201", "192.168.0.201/sdk", "https://10.9.9.9/sdk"])(
    "is no URL: -vi %s is refused before anything is asked of it",
    async (address) => {
      const { parts, calls } = willing();
      const on = terminal();
      expect(await cli(["-A", "-n", "Gold", "-vi", address, "-vu", "root", "-vp", "pw", "--json"], parts, on)).toBe(2);
      expect(JSON.parse(on.out())).toMatchObject({ error: { code: "BAD_REQUEST" } });
      expect(calls).toEqual([]);
    },
  );
});

describe("a plan that is left", () => {
  it("stays open, and shows how it is approved and carried out", async () => {
    const { parts, names } = willing();
    const on = terminal();
    expect(await cli(["plan", "-A", "-n", "Gold", "--leave"], parts, on)).toBe(0);
    expect(names()).toEqual(["plan"]);
    expect(on.out()).toContain("`atvm_prep approve plan_1` approves it");
    expect(on.out()).toContain("`atvm_prep confirm token-canary-1`");
  });

  it("is a dry run without --leave", async () => {
    const { parts, names } = willing();
    expect(await cli(["plan", "-A", "-n", "Gold"], parts)).toBe(0);
    expect(names()).toEqual(["plan", "discard"]);
  });

  it("is carried out by its token: at once where somebody has approved it, else after a yes", async () => {
    const approved = planOf("automated_testing", {
      approval: { policy: "human", approvedBy: "os:bob", channel: "cli" },
    });
    for (const plan of [approved, planOf()]) {
      const { parts, names } = willing(plan);
      const on = terminal({ tty: true });
      if (plan !== approved) on.type("y");
      const planByToken: Engine["planByToken"] = async () => plan;
      expect(await cli(["confirm", "token-canary-1"], { ...parts, planByToken }, on)).toBe(0);
      expect(names()).toEqual(plan === approved ? ["confirm"] : ["approve", "confirm"]);
    }
  });

  it("stays open after a no", async () => {
    const { parts, names } = willing();
    const on = terminal({ tty: true });
    on.type("n");
    expect(await cli(["confirm", "token-canary-1"], { ...parts, planByToken: async () => planOf() }, on)).toBe(4);
    expect(names()).toEqual([]);
  });
});
