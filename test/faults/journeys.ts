import { MODES, type Mode } from "../../src/core/domain/modes.ts";
import type { PrepInputs } from "../../src/core/request/request.ts";
import type { ScenarioOptions } from "../../src/lab/world/scenarios.ts";

/** One preparation that the matrix disturbs. */
export interface Journey {
  readonly mode: Mode;
  readonly scenario: ScenarioOptions;
  readonly inputs: Partial<PrepInputs>;
}

const small = { vms: 3, running: 1 } as const;

/** A mode's longest way: with all that it may have to clean up, and all that it may be asked for. */
const WAYS: Readonly<Record<Mode, Omit<Journey, "mode">>> = {
  automated_testing: { scenario: { scenario: "clone-assigned", ...small }, inputs: { registerVms: true } },
  maintenance: { scenario: { scenario: "clone-assigned", ...small }, inputs: { registerVms: true } },
  register: { scenario: { scenario: "clone-assigned", ...small }, inputs: {} },
  unregister: { scenario: { scenario: "clone-assigned", ...small }, inputs: {} },
  rollback: { scenario: { scenario: "gold-assigned", ...small }, inputs: { registerVms: true } },
  release: { scenario: { scenario: "clone-assigned", ...small }, inputs: {} },
  snapshot: { scenario: { scenario: "empty" }, inputs: { newSnapshot: "taken_by_the_run" } },
};

export const JOURNEYS: readonly Journey[] = MODES.map((mode) => ({ mode, ...WAYS[mode] }));
