/** A vim25 fault to be thrown, with what real ones carry besides their members. */
export interface InjectedFault {
  /** Its type, such as `QuiesceDatastoreIOForHAFailed`; it is sent with the type's ancestors' members. */
  readonly fault: string;
  /** The headline; the lab's own words when left out. */
  readonly localizedMessage?: string | undefined;
  readonly faultMessage?: readonly { readonly key: string; readonly message?: string | undefined }[] | undefined;
  readonly faultCause?: { readonly fault: string; readonly localizedMessage?: string | undefined } | undefined;
}

export type FaultAction =
  | { kind: (typeof PLAIN)[number] }
  | { kind: "slow" | "trickle"; ms: number }
  | { kind: "huge"; bytes: number }
  | ({ kind: (typeof THROWING)[number] } & InjectedFault);

export interface FaultSpec {
  api: "dgs" | "vim" | "*";
  /** Operation, or `*` for every one. */
  op: string;
  /** The first matching call that it hits, counted from when the fault was set; 1 is the next one. */
  nth?: number | undefined;
  /** How many calls it hits from there on; 1 when left out. */
  times?: number | undefined;
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
  "http500-after",
  "http503",
  "reset",
  "reset-after",
  "hang",
  "hang-after",
  "garbage",
  "endless",
  "same-token",
  "new-tokens",
  "echo-secrets",
  "expire-session",
  "job-failed",
] as const;

const THROWING = ["task-error", "result-fault", "fault"] as const;

/** How an action is spelt. */
export const FAULT_ACTIONS: readonly string[] = [
  ...PLAIN,
  "slow:MS",
  "trickle:MS",
  "huge:BYTES",
  ...THROWING.map((kind) => `${kind}:FAULT`),
];

/** Reads an action as the control interface spells it: `reset-after`, `slow:250`, `fault:ResourceInUse`. Undefined: none such. */
export function parseFaultAction(text: string): FaultAction | undefined {
  const plain = PLAIN.find((kind) => kind === text);
  if (plain !== undefined) return { kind: plain };
  const [, word, rest = ""] = /^([\w-]+):(\w+)$/.exec(text) ?? [];
  const throwing = THROWING.find((kind) => kind === word);
  if (throwing !== undefined) return { kind: throwing, fault: rest };
  if (!/^\d{1,10}$/.test(rest)) return undefined;
  if (word === "slow" || word === "trickle") return { kind: word, ms: Number(rest) };
  return word === "huge" ? { kind: word, bytes: Number(rest) } : undefined;
}
