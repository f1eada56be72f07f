/** What an element takes in memory at least, however short it is on the wire. */
const ELEMENT_BYTES = 64;

const MIB = 1024 * 1024;

/** Of calls that return little, however large the inventory is. */
const SMALL = MIB;
/** Of a read of properties with all its pages, or of what a wait brings: some 80,000 VMs, where a vCenter has 45,000 at most. */
const LARGE = 256 * MIB;

/** A server goes on for longer than any answer to this kind of call is. */
export class ReplyTooLarge extends Error {
  override readonly name = "ReplyTooLarge";
}

/** How much the replies to the calls that share it may take, all together. */
export class ReplyBudget {
  #left: number;

  private constructor(bytes: number) {
    this.#left = bytes;
  }

  static small(): ReplyBudget {
    return new ReplyBudget(SMALL);
  }

  static large(): ReplyBudget {
    return new ReplyBudget(LARGE);
  }

  /** Throws `ReplyTooLarge` when nothing is left. */
  spend(bytes: number, elements: number): void {
    this.#left -= bytes + elements * ELEMENT_BYTES;
    if (this.#left < 0) throw new ReplyTooLarge("the reply is larger than any answer to such a call");
  }
}
