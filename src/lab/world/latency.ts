/**
 * Milliseconds added: `dgs` to each array call and job, `clone` to a job that clones instead of that, `vim` to each SOAP
 * call, `task` to each vCenter task, `rescan` to each rescan call, `unresolved` to each query for unresolved volumes.
 */
export interface Latency {
  dgs: number;
  clone: number;
  vim: number;
  task: number;
  rescan: number;
  unresolved: number;
}

export const NO_LATENCY: Latency = { dgs: 0, clone: 0, vim: 0, task: 0, rescan: 0, unresolved: 0 };

const KINDS = ["dgs", "clone", "vim", "task", "rescan", "unresolved"] as const satisfies readonly (keyof Latency)[];

/**
 * Reads `dgs=20ms,vim=5ms,task=500ms,rescan=2s,clone=10s,unresolved=1s`; a part left out adds nothing, `clone` as much as
 * `dgs`. Throws `RangeError` with what is wrong.
 */
export function parseLatency(text: string): Latency {
  const given: Partial<Latency> = {};
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const [, name, amount, unit] = /^\s*(\w+)\s*=\s*(\d{1,7})(ms|s)?\s*$/.exec(part) ?? [];
    const kind = KINDS.find((candidate) => candidate === name);
    if (kind === undefined) {
      throw new RangeError(
        `"${part.trim()}" is no latency: write dgs=20ms,vim=5ms,task=500ms,rescan=2s,clone=10s,unresolved=1s`,
      );
    }
    given[kind] = Number(amount) * (unit === "s" ? 1000 : 1);
  }
  return { ...NO_LATENCY, clone: given.dgs ?? 0, ...given };
}
