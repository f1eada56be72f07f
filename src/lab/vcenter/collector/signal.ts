/** Tells listeners that something that they may have read has changed. */
export class Signal {
  readonly #listeners = new Set<() => void>();

  /** Returns how to stop listening. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
