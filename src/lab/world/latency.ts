/** Milliseconds added: `dgs` to each array call and job, `vim` to each SOAP call, `task` to each vCenter task, `rescan` to each rescan call. */
export interface Latency {
  dgs: number;
  vim: number;
  task: number;
  rescan: number;
}

export const NO_LATENCY: Latency = { dgs: 0, vim: 0, task: 0, rescan: 0 };

/**
 * Reads `dgs=20ms,vim=5ms,task=500ms,rescan=2s`; a part left out adds nothing. Throws `RangeError` with what is wrong.
 */
export function parseLatency(text: string): Latency {
  const latency = { ...NO_LATENCY };
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const [, name, amount, unit] = /^\s*(dgs|vim|task|rescan)\s*=\s*(\d{1,7})(ms|s)?\s*$/.exec(part) ?? [];
    if (name !== "dgs" && name !== "vim" && name !== "task" && name !== "rescan") {
      throw new RangeError(`"${part.trim()}" is no latency: write dgs=20ms,vim=5ms,task=500ms,rescan=2s`);
    }
    latency[name] = Number(amount) * (unit === "s" ? 1000 : 1);
  }
  return latency;
}
