/** Which mutant acts. Set once a process; the sources' switches, the runner and the worker share it. */
import type { RunnerTestCase, RunnerTestFile } from "vitest";

export interface Switch {
  active: string | undefined;
  /** Whose places were come by; absent where nobody wants to know. */
  hits: Set<string> | undefined;
  /** What the runner tells. */
  onCollected: () => void;
  onBegin: () => void;
  onEnd: (test: RunnerTestCase) => void;
  onFile: (file: RunnerTestFile) => void;
}

declare global {
  var isMutant: (id: string) => boolean;
  var mutantSwitch: Switch;
}

const nothing = (): void => undefined;

export function installSwitch(): Switch {
  const one: Switch = {
    active: undefined,
    hits: undefined,
    onCollected: nothing,
    onBegin: nothing,
    onEnd: nothing,
    onFile: nothing,
  };
  globalThis.mutantSwitch = one;
  globalThis.isMutant = (id) => {
    one.hits?.add(id);
    return one.active === id;
  };
  return one;
}
