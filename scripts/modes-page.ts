/** docs/modes.md: each mode run from each scenario of the lab, and what came of it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../src/app.ts";
import { type ErrorCode, PrepError } from "../src/core/domain/errors.ts";
import { MODES, type Mode, traitsOf } from "../src/core/domain/modes.ts";
import type { PlanRecord, RunRecord } from "../src/core/records.ts";
import type { PrepInputs } from "../src/core/request/request.ts";
import { LAB_ARRAYS, type LabArray, labArray } from "../src/lab/arrays/kinds.ts";
import { startLab } from "../src/lab/start.ts";
import { SCENARIOS, type ScenarioName } from "../src/lab/world/scenarios.ts";
import type { Touch } from "../src/lab/world/touches/targets.ts";
import { touchWorld } from "../src/lab/world/touches/touch.ts";
import { planText, presentPlan, wordingFor } from "../src/text/index.ts";

/** The mode's shortest flag. */
function flagOf(mode: Mode): string {
  const { short, long } = traitsOf(mode).flag;
  return short === undefined ? `--${long}` : `-${short}`;
}

const SCENES: Readonly<Record<ScenarioName, string>> = {
  "clone-assigned": "a clone of yesterday's snapshot is mounted, its VMs registered, some running",
  empty: "nothing is assigned",
  "gold-assigned": "gold is mounted, VMs running",
  "two-hosts": "as `clone-assigned`; the other client holds a clone of another LUN",
  "busy-elsewhere": "the other client holds gold",
  "twin-snapshots": "as `clone-assigned`; two snapshots carry the latest one's name",
  "twin-datastores": "two datastores lie on the clone's GUID",
  "half-cleaned": "a cleanup died after the unmount",
  "stale-inventory": "the clone was unassigned and deleted by hand while mounted",
  "same-gold": "both clients hold a clone of this LUN, in Datacenters of their own",
  "one-datacenter": "the other client holds a clone of this LUN, in the same Datacenter",
  large: "as `clone-assigned`, with many VMs (20 here)",
  fleet: "as `two-hosts`, with more clients",
};

/** What may stand in the way of `clone-assigned`, as touches of the lab; `lab.md` says what each does. */
const BLOCKERS: readonly (readonly [string, Touch])[] = [
  ["a running VM waits for an answer", { what: "question", vm: "web-01" }],
  ["a VM is an agent's or of vSphere Cluster Services", { what: "managed-vm", vm: "web-01" }],
  ["a running VM may not be powered off now", { what: "disabled-method", vm: "web-01" }],
  ["a VM that is off may not be unregistered now", { what: "disabled-method", vm: "db-01", method: "UnregisterVM" }],
  ["a running VM is protected by Fault Tolerance", { what: "fault-tolerance", vm: "web-01" }],
  ["a VM from elsewhere has its snapshots or working directory there", { what: "snapshot-elsewhere" }],
  ["a VM from elsewhere has a disk or an ISO there", { what: "foreign-disk" }],
  ["the datastore is in a datastore cluster", { what: "datastore-cluster" }],
  ["the datastore has Storage I/O Control enabled", { what: "io-control" }],
  ["vSphere HA keeps its heartbeats on it", { what: "ha-heartbeat" }],
  ["the host's scratch location is on it", { what: "host-files", use: "scratch" }],
  ["the host's log directory is on it", { what: "host-files", use: "syslog" }],
  ["the host dumps its core to its disk", { what: "host-files", use: "coredump" }],
  ["the host is in maintenance mode", { what: "maintenance-mode" }],
  ["another unresolved copy of the LUN is on the host", { what: "stray-copy" }],
];

interface Outcome {
  readonly scenario: ScenarioName;
  readonly mode: Mode;
  /** For the overview. */
  readonly short: string;
  readonly long: string;
  /** The plan's text; absent where it was refused or has nothing to do. */
  readonly text?: string;
}

/** The plan's steps in order; in brackets those that the run found done already. */
function told(plan: PlanRecord, run: RunRecord): string {
  if (plan.steps.length === 0) return "nothing: the goal is reached already";
  const skipped = new Set(run.steps.filter((step) => step.state === "skipped").map((step) => step.id));
  return plan.steps.map(({ id, kind }) => (skipped.has(id) ? `(\`${kind}\`)` : `\`${kind}\``)).join(" → ");
}

/** What differs from day to day, and from plan to plan. */
const timeless = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d{2}-\d{2}/g, "DATE")
    .replaceAll(/([-_])\d{8}\1\d{6}\1\w{6}/g, "$1STAMP")
    .replaceAll(/plan_\w+/g, "plan_ID")
    .replaceAll(/\bos:[\w.-]*\w/g, "os:YOU")
    .replaceAll(/-vi \S+/g, "-vi VCENTER")
    .replaceAll(/\d+ (day|hour|minute)s?( \d+ (hour|minute)s?)? old/g, "AGE old");

/** The plan as a terminal shows it, less the last line, on its approval. */
const asRead = (plan: PlanRecord): string =>
  timeless(planText(presentPlan(plan, wordingFor("terminal")), "")).trimEnd();

const inputsOf = (mode: Mode): PrepInputs => ({
  lun: "Gold",
  ...(traitsOf(mode).takesSnapshot ? { newSnapshot: "after_the_edit" } : {}),
});

/** Runs all of them on a lab of its own with such an array, some ten seconds. */
async function outcomes(array: LabArray): Promise<{ modes: Outcome[]; blockers: string[][] }> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-docs-"));
  const config = join(dir, "atvm.config.yaml");
  const lab = await startLab({ writeConfig: config, array });
  const app = await openApp({ configFile: config, env: {}, cwd: dir });
  const actor = app.actor("cli");
  const one = async (scenario: ScenarioName, mode: Mode): Promise<Outcome> => {
    lab.world.reset(scenario === "large" ? { scenario, vms: 20, running: 5 } : { scenario });
    try {
      const plan = await app.engine.plan(mode, inputsOf(mode), actor);
      if (plan.approval.policy === "human") await app.engine.approve(plan.planId, actor, plan.target.lun.name);
      const run = await app.engine.confirm(plan.planToken ?? "", actor);
      const state = run.state === "succeeded" ? "" : `${run.state}: `;
      const count = plan.steps.length;
      const short = count === 0 ? "nothing to do" : `${count} step${count === 1 ? "" : "s"}`;
      const text = count === 0 ? {} : { text: asRead(plan) };
      return { scenario, mode, short: `${state}${short}`, long: `${state}${told(plan, run)}`, ...text };
    } catch (thrown) {
      if (!(thrown instanceof PrepError)) throw thrown;
      const long = `refused, \`${thrown.code}\`: ${timeless(thrown.message)}`;
      return { scenario, mode, short: `\`${thrown.code}\``, long };
    }
  };
  /** What a plan from there warns of, or the code it is refused with. */
  const planned = async (mode: Mode, touch?: Touch): Promise<{ warnings: readonly string[]; code?: ErrorCode }> => {
    lab.world.reset({ scenario: "clone-assigned" });
    if (touch !== undefined) touchWorld(lab.world.state, touch);
    lab.world.announce();
    try {
      return await app.engine.plan(mode, inputsOf(mode), actor);
    } catch (thrown) {
      if (thrown instanceof PrepError) return { warnings: [], code: thrown.code };
      throw thrown;
    } finally {
      await app.engine.discardPlans(actor);
    }
  };
  /** A row for each: refused, warned of beyond what that mode warns of anyway, or nothing. */
  const withBlockers = async (): Promise<string[][]> => {
    const usual = new Map<Mode, readonly string[]>();
    for (const mode of MODES) usual.set(mode, (await planned(mode)).warnings);
    const rows: string[][] = [];
    for (const [name, touch] of BLOCKERS) {
      const cells = [name];
      for (const mode of MODES) {
        const { warnings, code } = await planned(mode, touch);
        const isWarned = warnings.some((warning) => !usual.get(mode)?.includes(warning));
        cells.push(code === undefined ? (isWarned ? "warned of" : "–") : `\`${code}\``);
      }
      rows.push(cells);
    }
    return rows;
  };
  try {
    const modes: Outcome[] = [];
    for (const mode of MODES) for (const scenario of SCENARIOS) modes.push(await one(scenario, mode));
    return { modes, blockers: array === FIRST ? await withBlockers() : [] };
  } finally {
    await app.close();
    await lab.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The scenario whose plans are shown in full. */
const EXAMPLE = "clone-assigned";

const readFrom = (outcome: Outcome | undefined): string[] =>
  outcome?.text === undefined
    ? []
    : ["", `What an operator reads of its plan from \`${EXAMPLE}\`:`, "", "```text", outcome.text, "```"];

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/** The array of the page's tables; of each other, what is different there. */
const [FIRST, ...OTHERS] = LAB_ARRAYS;

async function differences(array: LabArray, usual: readonly Outcome[]): Promise<string[]> {
  const { modes } = await outcomes(array);
  const named = labArray(array).style.volumeName;
  // A disk's name is another matter than an outcome.
  const nameless = (text: string): string => text.replaceAll(/\bnaa\.[0-9a-f]{32}\b/g, "naa");
  const rows = modes.flatMap(({ scenario, mode, long }, at) => {
    const expected = usual[at]?.long.replaceAll(/AutomatedTest[\w-]*/g, named) ?? "";
    return nameless(long) === nameless(expected) ? [] : [row([`\`${flagOf(mode)}\``, `\`${scenario}\``, long])];
  });
  const same = `Each of these ${modes.length} has been run on an array of kind \`${array}\` as well.`;
  if (rows.length === 0) return ["", `${same} The outcomes are the same; only names follow that array's rule.`];
  return [
    "",
    `${same} Different there:`,
    "",
    row(["mode", "from", "steps or refusal"]),
    row(["---", "---", "---"]),
    ...rows,
  ];
}

export async function modesPage(): Promise<string> {
  const { modes: found, blockers } = await outcomes(FIRST);
  const elsewhere: string[] = [];
  for (const array of OTHERS) elsewhere.push(...(await differences(array, found)));
  const of = (scenario: ScenarioName, mode: Mode): Outcome | undefined =>
    found.find((one) => one.scenario === scenario && one.mode === mode);
  const overview = [
    row(["on the lab's scenario", ...MODES.map((mode) => `\`${flagOf(mode)}\``)]),
    row(["---", ...MODES.map(() => "---")]),
    ...SCENARIOS.map((scenario) =>
      row([`\`${scenario}\`: ${SCENES[scenario]}`, ...MODES.map((mode) => of(scenario, mode)?.short ?? "")]),
    ),
  ];
  const sections = MODES.flatMap((mode) => [
    "",
    `## \`${flagOf(mode)}\` ${mode}`,
    "",
    traitsOf(mode).goal,
    "",
    row(["from", "steps or refusal"]),
    row(["---", "---"]),
    ...SCENARIOS.map((scenario) => row([`\`${scenario}\``, of(scenario, mode)?.long ?? ""])),
    ...readFrom(of(EXAMPLE, mode)),
  ]);
  return [
    "# What each mode does",
    "",
    "Made by running each mode for `Gold` on `CDS1-ESX165` from each scenario of the lab (`npm run docs`); a test compares",
    "this page with a fresh run. Nothing but these steps is carried out, and each looks first whether its goal is there.",
    "",
    "`-R` and `-U` never clean up, and registration after `-A`, `-M` and `-rvgd` is off unless `--register_vms` asks for it:",
    "a deliberate change from the script, see [the decision](adr/0005-register-and-unregister-do-not-clean-up.md).",
    "VMs on a clone are powered off hard, VMs on gold are shut down through the guest. Nothing powers a VM on.",
    "A step in brackets was planned, and found in the run to have nothing to do. A plan's steps are numbered; `while 3` is one",
    "that goes side by side with step 3, and `*` one that cannot be undone.",
    "",
    ...overview,
    ...elsewhere,
    "",
    "## What stands in the way",
    "",
    "On `clone-assigned`, with one thing more there. What would stop a run half-way is refused in its plan, before the first",
    "change: when it is made, when it is confirmed, and when what is left of a run is resumed. [runbook.md](runbook.md) says",
    "what to do.",
    "",
    row(["what is there", ...MODES.map((mode) => `\`${flagOf(mode)}\``)]),
    row(["---", ...MODES.map(() => "---")]),
    ...blockers.map(row),
    ...sections,
    "",
  ].join("\n");
}
