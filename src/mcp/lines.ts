/** A byte stream as lines of text, none longer than a limit: what goes beyond it is dropped up to the line's end. */

const NEWLINE = 0x0a;

export class Lines {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;
  #isSkipping = false;
  #isFirst = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that end in `chunk`, without their ends; `too long` in place of one that was dropped. */
  *of(chunk: Buffer): Generator<string | { readonly tooLong: true }> {
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      from = end === -1 ? chunk.length : end + 1;
      if (!this.#isSkipping && this.#length + part.length > this.#limit) {
        this.#take();
        this.#isSkipping = true;
        yield { tooLong: true };
      } else if (!this.#isSkipping) {
        this.#parts.push(part);
        this.#length += part.length;
      }
      if (end === -1) return;
      if (!this.#isSkipping) yield this.#take();
      this.#isSkipping = false;
    }
  }

  /** What was read of the line, which then begins anew. Some programs begin their output with a byte order mark. */
  #take(): string {
    const text = Buffer.concat(this.#parts).toString("utf8").replace(/\r$/, "");
    this.#parts = [];
    this.#length = 0;
    const line = this.#isFirst ? text.replace(/^\ufeff/, "") : text;
    this.#isFirst = false;
    return line;
  }
}
