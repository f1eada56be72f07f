import type { Clock } from "../core/ports/runtime.ts";

/** More than come in a row where everything is well: as many tasks as are under way at once, queued and then running. */
const WITHOUT_PAUSE = 50;

/** Pauses between questions to a server that answers at once and says nothing, where it should hold the answer back. */
export class Pacer {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  #fruitless = 0;

  constructor(clock: Clock, pauseMs: number) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
  }

  /** After an answer; `fruitful` if it ended any of what is waited for. */
  async answered(fruitful: boolean, signal: AbortSignal): Promise<void> {
    this.#fruitless = fruitful ? 0 : this.#fruitless + 1;
    if (this.#fruitless > WITHOUT_PAUSE) await this.#clock.sleep(this.#pauseMs, signal);
  }
}
