/** Hands VMs on, one by one, from the step that stops them to the step that unregisters them, while both are under way. */
import type { MoRef } from "../domain/ids.ts";

interface Line {
  readonly stopped: MoRef[];
  over: boolean;
  wake: () => void;
}

export class Handover {
  readonly #lines = new Map<string, Line>();
  readonly #stepIds: ReadonlySet<string>;

  /** Between these steps. What an earlier run has finished is not among them, and stops nothing. */
  constructor(stepIds: Iterable<string>) {
    this.#stepIds = new Set(stepIds);
  }

  #lineOf(stepId: string): Line {
    const line = this.#lines.get(stepId) ?? { stopped: [], over: !this.#stepIds.has(stepId), wake: () => {} };
    this.#lines.set(stepId, line);
    return line;
  }

  /** The step has stopped this VM. */
  offer(stepId: string, vm: MoRef): void {
    const line = this.#lineOf(stepId);
    line.stopped.push(vm);
    line.wake();
  }

  /** The step stops no more: it has ended, or it will not begin. */
  end(stepId: string): void {
    const line = this.#lineOf(stepId);
    line.over = true;
    line.wake();
  }

  /** What the step has stopped since the last time, in batches as they come; ends with the step. For one taker. */
  async *taken(stepId: string): AsyncGenerator<readonly MoRef[]> {
    const line = this.#lineOf(stepId);
    for (;;) {
      if (line.stopped.length > 0) yield line.stopped.splice(0);
      else if (line.over) return;
      else {
        await new Promise<void>((resolve) => {
          line.wake = resolve;
        });
      }
    }
  }
}
