/** Ctrl-C at a question: neither a yes nor a no. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
