/**
 * A step checks, then acts, and what the act has to know first is what the check has just read. It is handed over, so
 * that each step reads once and acts on what it read.
 */
import { isDeepStrictEqual } from "node:util";

interface Read {
  readonly of: object;
  readonly name: string | symbol;
  readonly args: readonly unknown[];
  readonly result: unknown;
}

export class Glance {
  #reads: Read[] = [];

  /** For the check: remembers what is read. */
  looking<T extends object>(reader: T): T {
    return this.#wrapped(reader, (read, call) => {
      const result = call();
      this.#reads.push({ ...read, result });
      return result;
    });
  }

  /**
   * For the act: a read that the check made is answered with what it saw, once, as long as nothing else was called.
   * After that (a change, a read of something else) the world may be another one, and every call goes to it.
   */
  acting<T extends object>(writer: T): T {
    return this.#wrapped(writer, (read, call) => {
      const at = this.#reads.findIndex(
        ({ of, name, args }) => of === read.of && name === read.name && isDeepStrictEqual(args, read.args),
      );
      const [seen] = at === -1 ? [] : this.#reads.splice(at, 1);
      if (seen !== undefined) return seen.result;
      this.#reads = [];
      return call();
    });
  }

  #wrapped<T extends object>(target: T, answer: (read: Omit<Read, "result">, call: () => unknown) => unknown): T {
    return new Proxy(target, {
      get: (of, name) => {
        const member: unknown = Reflect.get(of, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => answer({ of, name, args }, () => Reflect.apply(member, of, args));
      },
    });
  }
}
