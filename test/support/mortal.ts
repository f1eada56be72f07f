/**
 * An engine that dies at one of its changes, before the call is sent or after it was answered: from then on nothing of it goes
 * on, its store is closed, and its locks are free, as after a kill -9. What is quick enough for hundreds of worlds; that a
 * killed process leaves the same is the crash matrix's to show.
 */
import type { HeldLock, Store } from "../../src/core/ports/store.ts";
import type { Bench } from "./engine.ts";
import { type Assembled, assemble, type Parts } from "./parts.ts";

export interface Death {
  /** Which of its changes; 1 is the first. */
  readonly nth: number;
  readonly when: "before" | "after";
}

const CHANGES = new Set([
  ...["createClone", "rollback", "assign", "unassign", "deleteClone", "takeSnapshot"],
  ...["powerOff", "shutDownGuests", "unregister", "register", "unmount", "mount", "forceMount"],
  ...["detach", "attach", "forgetDevice", "rescan", "rescanVolumes"],
]);

const never = new Promise<never>(() => {});

class Life {
  readonly #death: Death;
  readonly #locks = new Set<HeldLock>();
  #changes = 0;
  #over = false;
  readonly died = Promise.withResolvers<void>();
  end: () => Promise<void> = async () => {};

  constructor(death: Death) {
    this.#death = death;
  }

  /** What is asked of the dead is not answered, nor is what was under way when they died. */
  async act<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#over) return never;
    const isLast = CHANGES.has(name) && ++this.#changes === this.#death.nth;
    if (isLast && this.#death.when === "before") {
      this.#die();
      return never;
    }
    try {
      const result = await work();
      if (isLast) this.#die();
      return this.#over ? await never : result;
    } catch (thrown) {
      if (this.#over) return never;
      throw thrown;
    }
  }

  holding(lock: HeldLock): HeldLock {
    this.#locks.add(lock);
    return {
      stillHeld: () => this.act("stillHeld", () => lock.stillHeld()),
      release: () => this.act("release", () => lock.release()),
    };
  }

  #die(): void {
    this.#over = true;
    void Promise.all([...this.#locks].map((lock) => lock.release()))
      .then(() => this.end())
      .then(this.died.resolve, this.died.reject);
  }

  /** The same object, every call of it an act of this life. */
  of<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (from, key) => {
        const member: unknown = Reflect.get(from, key);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => this.act(String(key), async () => Reflect.apply(member, from, args));
      },
    });
  }
}

/** Over the bench's lab and the store of that name. `died` resolves when it is dead and nothing holds it any more. */
export async function mortalEngine(
  bench: Bench,
  anotherStore: string,
  death: Death,
  parts: Pick<Parts, "shiftMs"> = {},
): Promise<Pick<Assembled, "engine"> & { readonly died: Promise<void> }> {
  const life = new Life(death);
  const { engine } = await assemble(bench, {
    ...parts,
    anotherStore,
    isMortal: true,
    store: (real): Store => {
      life.end = () => real.close();
      const tryLock: Store["tryLock"] = async (names) => {
        const lock = await life.act("tryLock", () => real.tryLock(names));
        return lock === undefined ? undefined : life.holding(lock);
      };
      return {
        id: real.id,
        place: real.place,
        read: (work) => life.act("read", () => real.read(work)),
        write: (work) => life.act("write", () => real.write(work)),
        tryLock,
        recordHead: (head) => life.act("recordHead", () => real.recordHead(head)),
        recordedHeads: () => life.act("recordedHeads", () => real.recordedHeads()),
        headsOf: real.headsOf,
        close: () => life.act("close", () => real.close()),
      };
    },
    systems: (real) => (override) => {
      const systems = real(override);
      return {
        endpoints: systems.endpoints,
        read: () => systems.read(),
        write: () => {
          const connection = systems.write();
          return { ...connection, array: life.of(connection.array), hypervisor: life.of(connection.hypervisor) };
        },
      };
    },
  });
  return { engine, died: life.died.promise };
}
