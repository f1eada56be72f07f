/**
 * In place of vitest's own worker: the modules are read once, then tests are run again and again, each time with another
 * mutant acting. A mutant's tests are ordered by what they cost and have noticed before, and end with the first that fails.
 */
import { utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { RunnerTestFile, RunnerTestSuite, WorkerGlobalState } from "vitest";
import { init, runBaseTests, setupEnvironment } from "vitest/worker";
import { jobFromEnvironment } from "./job.ts";
import { append, type Covered, coverage, DIR, digestOf, laneFile, type Result, ROOT } from "./records.ts";
import { installSwitch } from "./switch.ts";

const job = jobFromEnvironment();
const { lane, longest } = job;
/** Seconds of processor time that one mutant's tests may take by what they took without it. */
const BUDGET = Number(process.env["ATVM_MUTANTS_BUDGET"] ?? 6);
/** So much of a file's tests at a time, before another file has its turn. */
const PORTION = 1.5;
/** Of so many tests that killed a mutant, one is run once more without it. */
const CONTROL_EVERY = 20;
const SUPPORT = join(ROOT, "test/support/");
const MOST_MEMORY = 1_500_000_000;

const mutants = installSwitch();
if (job.fromTheStart) mutants.active = job.mutants[0]?.id;

// One who looks at its time knows whether this process still turns.
const pulse = join(DIR, `pulse-${lane}`);
writeFileSync(pulse, "");
setInterval(() => utimesSync(pulse, new Date(), new Date()), 1000).unref();

type Traces = Parameters<typeof runBaseTests>[2];

const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

interface Failure {
  readonly test: string;
  readonly why: string;
}

class Bench {
  readonly #state: WorkerGlobalState;
  readonly #traces: Traces;
  #unhandled: string | undefined;

  constructor(state: WorkerGlobalState, traces: Traces) {
    this.#traces = traces;
    const told = new Set([
      "onQueued",
      "onCollected",
      "onTaskUpdate",
      "onAfterSuiteRun",
      "snapshotSaved",
      "onUserConsoleLog",
    ]);
    const rpc = new Proxy(state.rpc, {
      get: (target, name, receiver) => {
        if (name === "onUnhandledError") {
          return async (error: unknown) => {
            this.#unhandled ??= String(error instanceof Error ? error.message : JSON.stringify(error)).slice(0, 200);
          };
        }
        return told.has(String(name)) ? async () => undefined : Reflect.get(target, name, receiver);
      },
    });
    this.#state = { ...state, rpc };
  }

  /** Runs a file's tests, or some of them. Gives the first failure. */
  async run(file: string, tests?: readonly string[]): Promise<Failure | undefined> {
    const files = [{ filepath: join(ROOT, file), ...(tests === undefined ? {} : { testIds: [...tests] }) }];
    let failure: Failure | undefined;
    mutants.onFile = (ended) => {
      failure = firstFailure(ended);
    };
    this.#unhandled = undefined;
    const state: WorkerGlobalState = { ...this.#state, ctx: { ...this.#state.ctx, files } };
    await runBaseTests("run", state, this.#traces);
    // They register hooks as they are read, for the file that is being read: the next one needs them as well.
    for (const [path, modules] of state.evaluatedModules.fileToModulesMap) {
      if (path.startsWith(SUPPORT)) for (const one of modules) state.evaluatedModules.invalidateModule(one);
    }
    if (failure === undefined && this.#unhandled !== undefined)
      return { test: "", why: `unhandled: ${this.#unhandled}` };
    return failure;
  }

  async cover(file: string): Promise<void> {
    const tests: Covered["tests"] = [];
    const read = new Set<string>();
    const around = new Set<string>();
    let began = 0;
    let beganAt = 0;
    let beside = seconds();
    let cost = 0;
    mutants.hits = read;
    mutants.onCollected = () => {
      mutants.hits = around;
      beside = seconds();
    };
    mutants.onBegin = () => {
      mutants.hits = new Set();
      cost += seconds() - beside;
      began = seconds();
      beganAt = performance.now();
    };
    mutants.onEnd = (test) => {
      tests.push({
        id: test.id,
        name: test.name,
        cost: seconds() - began,
        seconds: (performance.now() - beganAt) / 1000,
        hits: [...(mutants.hits ?? [])],
      });
      mutants.hits = around;
      beside = seconds();
    };
    const failure = await this.run(file);
    cost += seconds() - beside;
    mutants.hits = undefined;
    if (failure !== undefined) append("failures.jsonl", { file, ...failure });
    else append("coverage.jsonl", { file, digest: digestOf(file), cost, read: [...read], around: [...around], tests });
  }
}

function firstFailure(suite: RunnerTestFile | RunnerTestSuite): Failure | undefined {
  for (const task of suite.tasks) {
    if (task.type === "suite") {
      const failure = firstFailure(task);
      if (failure !== undefined) return failure;
    } else if (task.result?.state === "fail") {
      return { test: task.id, why: (task.result.errors?.[0]?.message ?? "").slice(0, 300) };
    }
  }
  const [error] = suite.result?.errors ?? [];
  return error === undefined ? undefined : { test: "", why: `hook: ${error.message.slice(0, 300)}` };
}

interface Portion {
  readonly file: string;
  readonly tests: readonly string[];
  readonly cost: number;
}

class Chooser {
  readonly #coverage: readonly Covered[];
  /** How often a file's tests, and each of them, have noticed mutants of a source. */
  readonly #kills = new Map<string, number>();
  readonly #tries = new Map<string, number>();

  constructor(all: readonly Covered[]) {
    this.#coverage = all;
  }

  told(source: string, file: string, failure: Failure | undefined): void {
    const count = (counts: Map<string, number>, name: string): void =>
      void counts.set(`${source} ${name}`, (counts.get(`${source} ${name}`) ?? 0) + 1);
    count(this.#tries, file);
    if (failure === undefined) return;
    count(this.#kills, file);
    count(this.#kills, failure.test);
  }

  isCovered(id: string): boolean {
    return this.#coverage.some(({ tests }) => tests.some(({ hits }) => hits.includes(id)));
  }

  /** What comes by the mutant's place, in portions, the likeliest for its price first. */
  portions(id: string, source: string): Portion[] {
    const killsOf = (name: string): number => this.#kills.get(`${source} ${name}`) ?? 0;
    return this.#coverage
      .flatMap(({ file, cost, around, tests }) => {
        const isAround = job.fromTheStart || around.includes(id);
        const price = (test: Covered["tests"][number]): number => test.cost / (1 + killsOf(test.id));
        const waiting = tests
          .filter(({ hits, seconds: took }) => took < longest && (isAround || hits.includes(id)))
          .toSorted((a, b) => price(a) - price(b));
        const portions: (Portion & { rank: number })[] = [];
        const tries = this.#tries.get(`${source} ${file}`) ?? 0;
        const likelihood = (nearness(source, file) * (killsOf(file) + 1)) / (tries + 2);
        while (waiting.length > 0) {
          const some: string[] = [];
          let sum = cost + 0.01;
          while (waiting.length > 0 && (some.length === 0 || sum < PORTION)) {
            const next = waiting.shift();
            if (next === undefined) break;
            some.push(next.id);
            sum += next.cost;
          }
          portions.push({ file, tests: some, cost: sum, rank: (sum * 2 ** portions.length) / likelihood });
        }
        return portions;
      })
      .toSorted((a, b) => a.rank - b.rank);
  }
}

/** A source's own tests are found at its path, or at one that begins like it. */
function nearness(source: string, file: string): number {
  if (file.startsWith(`test/${source.replace(/\.ts$/, "")}`)) return 16;
  return file.startsWith(`test/${dirname(source)}/`) ? 2 : 1;
}

/** Ends this process: the next one goes on with what is left. */
function leave(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
}

const isLate = ({ why }: Failure): boolean => /\b(Test|Hook) timed out in\b/.test(why);

async function judge(bench: Bench): Promise<void> {
  const all = coverage();
  const chooser = new Chooser(all);
  let kills = 0;
  const note = (line: object): void => append(laneFile(lane), line);

  for (const { id, file: source } of job.mutants) {
    if (Date.now() >= job.until) return;
    if (process.memoryUsage.rss() > MOST_MEMORY) leave();
    note({ begun: id });
    const began = seconds();
    mutants.active = id;
    let spent = 0;
    let end: Result["end"] = "survived";
    let killer: { by: string; why: string } | undefined;
    const portions = chooser.portions(id, source);
    if (portions.length === 0) {
      note({ id, end: chooser.isCovered(id) ? "unsure" : "uncovered" });
      continue;
    }
    for (const { file, tests, cost } of portions) {
      if (spent > 0 && spent + cost > BUDGET) {
        end = "unsure";
        continue;
      }
      spent += cost;
      const failure = await bench.run(file, tests);
      chooser.told(source, file, failure);
      if (failure === undefined) continue;
      mutants.active = undefined;
      end = "killed";
      if (isLate(failure)) {
        const again = await bench.run(file, failure.test === "" ? undefined : [failure.test]);
        note({ id, end: again === undefined ? "timeout" : "unsure", by: file, why: failure.why });
        if (again !== undefined) leave();
        end = "timeout";
        break;
      }
      killer = { by: `${file} ${nameOf(all, failure.test)}`, why: failure.why };
      kills += 1;
      if (kills % CONTROL_EVERY === 0) {
        const again = await bench.run(file, failure.test === "" ? undefined : [failure.test]);
        note({ control: id, passed: again === undefined });
        if (again !== undefined) leave();
      }
      break;
    }
    mutants.active = undefined;
    if (end !== "timeout") note({ id, end, ...killer, cost: Math.round((seconds() - began) * 100) / 100 });
  }
}

const nameOf = (all: readonly Covered[], test: string): string =>
  all.flatMap(({ tests }) => tests).find(({ id }) => id === test)?.name ?? "";

init({
  post: (message) => process.send?.(message),
  on: (listener) => process.on("message", listener),
  off: (listener) => process.off("message", listener),
  setup: setupEnvironment,
  runTests: async (state, traces) => {
    const bench = new Bench(state, traces);
    if (job.isCoverage) {
      const known = new Set(coverage().map(({ file }) => file));
      const files = state.ctx.files.map(({ filepath }) => relative(ROOT, filepath)).filter((file) => !known.has(file));
      for (const file of files) await bench.cover(file);
    } else await judge(bench);
  },
  collectTests: () => undefined,
});
process.on("disconnect", () => process.exit(1));
