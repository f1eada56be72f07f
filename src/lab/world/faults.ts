export type FaultAction =
  | {
      kind:
        | "http500"
        | "http503"
        | "reset"
        | "reset-after"
        | "hang"
        | "hang-after"
        | "garbage"
        | "expire-session"
        | "job-failed";
    }
  | { kind: "slow"; ms: number }
  | { kind: "task-error" | "fault"; fault: string };

export interface FaultSpec {
  api: "dgs" | "vim" | "*";
  /** Operation, or `*` for every one. */
  op: string;
  /** The first matching call that it hits, counted from when the fault was set; 1 is the next one. */
  nth?: number;
  /** How many calls it hits from there on; 1 when left out. */
  times?: number;
  action: FaultAction;
}

/** Calls by operation since the start or the last reset. */
export interface CallCounts {
  dgs: Record<string, number>;
  vim: Record<string, number>;
  totals: { dgs: number; vim: number };
}

/** What is to go wrong on the wire, and the count of calls that went over it. */
export class LabFaults {
  #set: { spec: FaultSpec; seen: number }[] = [];
  #calls = { dgs: new Map<string, number>(), vim: new Map<string, number>() };
  #clearing = new AbortController();

  /** Aborts at the next `clear`. Taken along with the fault, it tells a held call when its time is over. */
  get cleared(): AbortSignal {
    return this.#clearing.signal;
  }

  /**
   * Counts one call of `op` and returns what to do to it, if a fault is set for it. Each front end calls this exactly
   * once per request, right after it knows the operation.
   */
  take(api: "dgs" | "vim", op: string): FaultAction | undefined {
    const counts = this.#calls[api];
    counts.set(op, (counts.get(op) ?? 0) + 1);
    let hit: FaultAction | undefined;
    for (const fault of this.#set) {
      const { spec } = fault;
      if ((spec.api !== "*" && spec.api !== api) || (spec.op !== "*" && spec.op !== op)) continue;
      fault.seen += 1;
      const first = spec.nth ?? 1;
      if (fault.seen >= first && fault.seen < first + (spec.times ?? 1)) hit ??= spec.action;
    }
    return hit;
  }

  add(spec: FaultSpec): void {
    this.#set.push({ spec, seen: 0 });
  }

  /** Takes every fault back; calls that one of them holds end unanswered. */
  clear(): void {
    this.#set = [];
    this.#clearing.abort();
    this.#clearing = new AbortController();
  }

  calls(): CallCounts {
    const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
    return {
      dgs: Object.fromEntries(this.#calls.dgs),
      vim: Object.fromEntries(this.#calls.vim),
      totals: { dgs: sum(this.#calls.dgs), vim: sum(this.#calls.vim) },
    };
  }

  forgetCalls(): void {
    this.#calls = { dgs: new Map(), vim: new Map() };
  }
}

const PLAIN = [
  "http500",
  "http503",
  "reset",
  "reset-after",
  "hang",
  "hang-after",
  "garbage",
  "expire-session",
  "job-failed",
] as const;

/** How an action is spelt. */
export const FAULT_ACTIONS: readonly string[] = [...PLAIN, "slow:MS", "task-error:FAULT", "fault:FAULT"];

/** Reads an action as the control interface spells it: `reset-after`, `slow:250`, `fault:ResourceInUse`. Undefined: none such. */
export function parseFaultAction(text: string): FaultAction | undefined {
  const plain = PLAIN.find((kind) => kind === text);
  if (plain !== undefined) return { kind: plain };
  const [, kind, rest] = /^(slow|task-error|fault):(\w+)$/.exec(text) ?? [];
  if (rest === undefined) return undefined;
  if (kind === "slow") return /^\d{1,6}$/.test(rest) ? { kind, ms: Number(rest) } : undefined;
  return kind === "task-error" || kind === "fault" ? { kind, fault: rest } : undefined;
}
