/** docs/terminal.md: what a terminal shows of a plan, a run and the status, 100 and 40 columns wide. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { openApp } from "../src/app.ts";
import { fitted } from "../src/cli/terminal/fit.ts";
import { ProgressView } from "../src/cli/terminal/progress-view.ts";
import type { PlanRecord, RunRecord, TargetInventory } from "../src/core/records.ts";
import { startLab } from "../src/lab/start.ts";
import { expiryText, planText, presentPlan, presentRun, runText, targetsText, wordingFor } from "../src/text/index.ts";

const WIDTHS = [100, 40] as const;
const TODAY = Date.UTC(2026, 10, 28);
const DAY = 86_400_000;

/** A day as far before the page's own as it was before today. */
const sameDay = (date: string, now: number): string =>
  new Date(TODAY - (Math.floor(now / DAY) * DAY - Date.parse(date))).toISOString().slice(0, 10);

/** The same record with ids, names and times that do not differ from run to run. */
function timeless<T>(record: T, now: number): T {
  const clones = new Map<string, string>();
  const text = JSON.stringify(record)
    .replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d+Z/g, (_all, date: string, time: string) => {
      return `${sameDay(date, now)}T${time === "00:05:01" ? time : "10:00:00"}.000Z`;
    })
    .replace(/nightly-(\d{4}-\d\d-\d\d)/g, (_all, date: string) => `nightly-${sameDay(date, now)}`)
    .replace(/-\d{8}-\d{6}-\w{6}/g, (stamp) => {
      const fixed = clones.get(stamp) ?? `-2026112${7 + clones.size}-100000-0a1b2c`;
      clones.set(stamp, fixed);
      return fixed;
    })
    .replace(/(plan|run)_\w{16}/g, "$1_4f9k2m7q1x8c3v6b")
    .replace(/127\.0\.0\.1:\d+/g, "192.168.0.201")
    .replace(/os:[^"@]+@\w+/g, "os:operator@store");
  return JSON.parse(text);
}

interface Scene {
  readonly plan: PlanRecord;
  readonly run: RunRecord;
  readonly before: TargetInventory;
  readonly after: TargetInventory;
}

/** A prep on the lab, its times set to a second a step. */
async function play(): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-docs-"));
  const config = join(dir, "atvm.config.yaml");
  const lab = await startLab({ writeConfig: config });
  const app = await openApp({ configFile: config, env: {}, cwd: dir });
  const now = Date.now();
  try {
    const actor = app.actor("cli");
    const before = await app.engine.listTargets(actor);
    const made = await app.engine.plan("automated_testing", { lun: "Gold", reason: "nightly tests" }, actor);
    await app.engine.approve(made.planId, actor);
    const done = await app.engine.confirm(made.planToken ?? "", actor);
    const after = await app.engine.listTargets(actor);
    const scene = timeless({ before, made, ended: done, after }, now);
    const { ended } = scene;
    const start = Date.parse(ended.createdAt);
    const at = (seconds: number): string => new Date(start + seconds * 1_000).toISOString();
    const steps = ended.steps.map((step, index) => ({ ...step, startedAt: at(2 * index), endedAt: at(2 * index + 2) }));
    const { planToken: _token, ...plan } = scene.made;
    const expiresAt = at(15 * 60);
    return {
      ...scene,
      plan: { ...plan, expiresAt },
      run: { ...ended, steps, endedAt: at(2 * steps.length) },
    };
  } finally {
    await app.close();
    await lab.close();
    await rm(dir, { recursive: true, force: true });
  }
}

const screen = (columns: number) => Object.assign(new PassThrough(), { isTTY: true, columns });

const shown = (text: string, columns: number): string => fitted(text, screen(columns), { NO_COLOR: "1" });

/** The lines that stay, and the one that is at work in the middle of the run. */
function progressOf(run: RunRecord, columns: number): string {
  const out = screen(columns);
  const at = run.steps.findIndex(({ kind }) => kind === "rescan");
  const step = run.steps[at];
  const view = new ProgressView(out, () => Date.parse(step?.startedAt ?? "") + 12_000);
  view.expect(new Map([["rescan", 25_000]]));
  const steps = run.steps.map((ended, index) => {
    if (index < at) return ended;
    const { endedAt: _ended, detail: _detail, ...begun } = ended;
    return { ...begun, state: index === at ? ("running" as const) : ("pending" as const) };
  });
  view.update({ ...run, state: "running", steps });
  const text = String(out.read());
  const [kept = "", working = ""] = text.split("\r\x1b[2K");
  return `${kept}${working}`;
}

const fence = (text: string): string[] => ["```text", ...text.split("\n").map((line) => line.trimEnd()), "```", ""];

export async function terminalPage(): Promise<string> {
  const { plan, run, before, after } = await play();
  const words = wordingFor("terminal");
  const presented = presentPlan(plan, words);
  const scenes: readonly (readonly [string, (columns: number) => string])[] = [
    ["`atvm_prep status`", (columns) => shown(targetsText(before), columns)],
    [
      '`atvm_prep -A -n Gold --reason "nightly tests"`: the plan and the question',
      (columns) => `${shown(planText(presented, expiryText(presented)), columns)}\nCarry this out? [y/n] y`,
    ],
    ["the run while it goes on", (columns) => progressOf(run, columns)],
    ["the run's end", (columns) => shown(runText(presentRun(run, words)), columns)],
    ["`atvm_prep status` after it", (columns) => shown(targetsText(after), columns)],
  ];
  return [
    "<!-- Made by `npm run docs`; a test compares. -->",
    "# What a terminal shows",
    "",
    "On the lab, at 100 and at 40 columns. Words are wrapped at the terminal's width; a command is one line, to be copied as",
    "such. What is lost is red on a terminal, and plain on a pipe or with `NO_COLOR`.",
    "",
    ...WIDTHS.flatMap((columns) => [
      `## ${columns} columns`,
      "",
      ...scenes.flatMap(([title, render]) => [`### ${title}`, "", ...fence(render(columns))]),
    ]),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}
