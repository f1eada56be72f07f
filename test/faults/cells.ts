/** Which calls are disturbed, how, and when: from what the lab counts in an undisturbed run, by what it can do to a call. */
import { FAULT_ACTIONS } from "../../src/lab/world/faults.ts";
import type { Journey } from "./journeys.ts";

type Api = "dgs" | "vim";

/** The systems are read for the plan, and again for its confirmation; the run begins to change them, and goes on until its report. */
export const PHASES = ["plan", "start", "rest"] as const;
export type Phase = (typeof PHASES)[number];

export interface Cell {
  readonly journey: Journey;
  readonly phase: Phase;
  readonly api: Api;
  readonly op: string;
  readonly action: string;
  /** The first or the second call of the phase. */
  readonly nth: 1 | 2;
}

export const nameOf = ({ journey, phase, api, op, action, nth }: Cell): string =>
  `${journey.mode}, ${phase}: ${api} ${op} #${nth} ${action}`;

/** What stands for `MS`, `BYTES` and `FAULT` in an action. */
const FILLED: Readonly<Record<string, readonly string[]>> = {
  slow: ["100"],
  trickle: ["1"],
  huge: ["1000000"],
  fault: ["ResourceInUse", "NoPermission", "ManagedObjectNotFound", "SystemError"],
  "task-error": ["ResourceInUse", "InvalidState", "SystemError"],
  "result-fault": ["VmfsAlreadyMounted"],
};

const ACTIONS: readonly string[] = FAULT_ACTIONS.flatMap((spelt) => {
  const [word = "", blank] = spelt.split(":");
  if (blank === undefined) return [spelt];
  const values = FILLED[word];
  if (values === undefined) throw new Error(`nothing stands for ${blank} in ${spelt}`);
  return values.map((value) => `${word}:${value}`);
});

/** What the lab can do to this call; it answers it as ever where the action is of another interface. */
function applies(action: string, api: Api, op: string): boolean {
  const [word = ""] = action.split(":");
  switch (word) {
    case "job-failed":
      return api === "dgs";
    case "task-error":
      return api === "vim" && op.endsWith("_Task");
    case "result-fault":
      return api === "vim" && op === "ResolveMultipleUnresolvedVmfsVolumes";
    case "same-token":
    case "new-tokens":
      return api === "vim" && op.endsWith("RetrievePropertiesEx");
    case "fault":
      return api === "vim" || action === "fault:SystemError";
    default:
      return true;
  }
}

export type Counts = Readonly<Record<Api, Readonly<Record<string, number>>>>;

const APIS = ["dgs", "vim"] as const;

export function cellsOf(journey: Journey, counts: Readonly<Record<Phase, Counts>>): Cell[] {
  const cells: Cell[] = [];
  for (const phase of PHASES) {
    for (const api of APIS) {
      for (const [op, count] of Object.entries(counts[phase][api])) {
        for (const action of ACTIONS) {
          if (!applies(action, api, op)) continue;
          for (const nth of [1, 2] as const) if (nth <= count) cells.push({ journey, phase, api, op, action, nth });
        }
      }
    }
  }
  return cells;
}
