/** Command lines that nobody would type, on a real configuration: an exit code, one JSON document where it is asked for, and no change without a yes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { runCli } from "../../src/cli/cli.ts";
import { ERROR_CODES } from "../../src/core/domain/errors.ts";
import { terminal } from "../cli/terminal/terminal.ts";
import { withEngine } from "../support/engine.ts";
import { amount, SEED, TIME_LIMIT_MS } from "./amount.ts";
import { hostileText } from "./hostile.ts";
import { watchProcess } from "./watch.ts";

const LINES = amount({ short: 150, long: 10_000 });

/** Those that end by themselves and write nothing into the folder. */
const COMMANDS = [
  ["status"],
  ["luns"],
  ["snapshots", "Gold"],
  ["vms"],
  ["plans"],
  ["plans", "show", "plan_1"],
  ["plans", "discard", "plan_1"],
  ["runs"],
  ["run", "show", "latest"],
  ["run", "resume", "run_1"],
  ["run", "cancel", "run_1"],
  ["approve", "plan_1"],
  ["audit", "show"],
  ["audit", "verify"],
  ["audit", "who", "vm-1"],
  ["completion", "bash"],
  ["config", "schema"],
  ["-A", "-n", "Gold"],
  ["-M", "-n", "Gold"],
  ["-U", "-n", "Gold"],
  ["-rvgd", "-n", "Gold", "-s", "snap-0001"],
  ["--release", "-n", "Gold"],
];

const FLAGS = [
  "-n",
  "-s",
  "-c",
  "-e",
  "-vi",
  "-vu",
  "-A",
  "-R",
  "--json",
  "--dry-run",
  "--register_vms",
  "--limit",
  "--since",
  "--reason",
  "--",
  "-",
  "--help",
  "--version",
];

// No system can hand a program a word with a NUL in it; `--yes` is the one word that lets a change happen.
const word = hostileText
  .map((text) => text.replaceAll("\u0000", ""))
  .filter((text) => !text.startsWith("--y") && text.isWellFormed());

const anyLine = fc
  .tuple(
    fc.constantFrom(...COMMANDS),
    fc.array(fc.oneof(fc.constantFrom(...FLAGS, "Gold", "165"), word), { maxLength: 4 }),
    fc.boolean(),
    fc.nat({ max: 5 }),
  )
  .map(([command, more, json, at]) => {
    const words: string[] = [...command];
    words.splice(1 + (at % words.length), 0, ...more);
    return json ? [...words, "--json"] : words;
  });

const EXITS = [0, 1, 2, 3, 4, 5, 6, 7, 130];
const Failure = z.looseObject({
  error: z.looseObject({ code: z.enum(ERROR_CODES).exclude(["INTERNAL"]), hint: z.string().min(1) }),
});

test(
  "every command line ends, with a code, and changes nothing",
  async () => {
    const bench = await withEngine({ vms: 3, running: 1 }, { limits: { openPlans: 1000 } });
    const watch = watchProcess();
    const secrets = [bench.lab.info.dgs.password, bench.lab.info.vcenter.password];
    const exits = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(anyLine, async (argv) => {
        const on = terminal({ cwd: bench.dir });
        on.endInput();
        const exit = await runCli(argv, { ...on.io, env: { ATVM_CONFIG: bench.config, XDG_STATE_HOME: bench.dir } });
        exits.set(exit, (exits.get(exit) ?? 0) + 1);
        const shown = on.out() + on.err();
        expect(EXITS).toContain(exit);
        expect(shown).not.toMatch(/INTERNAL|node:internal|\n\s+at \S+ \(/);
        for (const secret of secrets) expect(shown).not.toContain(secret);
        if (exit !== 0) {
          expect(shown.trim()).not.toBe("");
          if (argv.at(-1) === "--json" && !argv.includes("--") && on.out() !== "")
            Failure.or(z.looseObject({})).parse(JSON.parse(on.out()));
        }
        expect(bench.lab.world.mutations).toEqual([]);
      }),
      { numRuns: LINES, seed: SEED },
    );
    expect(watch.unhandled).toEqual([]);
    watch.stop();
    expect(exits.get(0) ?? 0).toBeGreaterThan(0);
    expect(exits.size).toBeGreaterThan(2);
  },
  TIME_LIMIT_MS,
);
