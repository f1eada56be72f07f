import { localizedFault } from "./fault.ts";
import { garbage } from "./faults.ts";
import { MAX_WAIT_SECONDS } from "./http.ts";
import { filterSpec, retrieve, type Selection, UnreadableProperty } from "./properties.ts";
import { ReplyBudget } from "./reply-budget.ts";
import type { Session } from "./session.ts";
import { at, flag, list, type Reference, reference, refTo, text } from "./values.ts";

/** What changed on one object since the last look. */
export interface ObjectChange {
  readonly ref: Reference;
  /** The object left the filter, or was gone when the filter was made. */
  readonly gone: boolean;
  /** Property path → new value, undefined where it was unset. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** Of one answer, where the server cuts it. */
const MAX_PARTS = 50;

/**
 * A property collector of our own: a session's default one is shared, and whoever waits on it gets everybody's updates.
 * Lives as long as the session; after that every call on it is `ManagedObjectNotFound`.
 */
export class Collector {
  readonly #session: Session;
  readonly #ref: Reference;
  #version = "";

  private constructor(session: Session, ref: Reference) {
    this.#session = session;
    this.#ref = ref;
  }

  static async create(session: Session): Promise<Collector> {
    const { propertyCollector } = await session.services();
    const action = "make a property collector";
    const made = await session.call({
      operation: "CreatePropertyCollector",
      args: { _this: refTo(propertyCollector.type, propertyCollector.id) },
      action,
    });
    const ref = reference(made);
    if (ref === undefined) throw garbage(action, { missing: "the collector's reference" });
    return new Collector(session, ref);
  }

  async watch(selection: Selection): Promise<void> {
    await this.#session.call({
      operation: "CreateFilter",
      args: { _this: refTo(this.#ref.type, this.#ref.id), spec: filterSpec(selection), partialUpdates: false },
      action: "watch objects for changes",
    });
  }

  /** Changes since the last call; empty when nothing changed for `MAX_WAIT_SECONDS`. The first call brings the present state. */
  async next(signal?: AbortSignal): Promise<ObjectChange[]> {
    const action = "wait for changes";
    const changes: ObjectChange[] = [];
    const budget = ReplyBudget.large();
    for (let parts = 0; parts < MAX_PARTS; parts++) {
      const update = await this.#session.call({
        operation: "WaitForUpdatesEx",
        args: {
          _this: refTo(this.#ref.type, this.#ref.id),
          version: this.#version,
          options: { maxWaitSeconds: MAX_WAIT_SECONDS },
        },
        action,
        budget,
        signal,
      });
      if (update === undefined) return changes;
      this.#version = text(update, "version") ?? this.#version;
      for (const filter of list(update, "filterSet")) {
        changes.push(...list(filter, "objectSet").flatMap(changeFrom));
        changes.push(...list(filter, "missingSet").flatMap((each) => goneFrom(at(each, "obj"))));
      }
      // A cut answer: the rest is there already.
      if (flag(update, "truncated") !== true) return changes;
    }
    throw garbage(action, { parts: MAX_PARTS, reason: "its cut answer does not end" });
  }

  /** Frees what the server keeps for it. Never throws: the session's end frees it too. */
  async destroy(): Promise<void> {
    const args = { _this: refTo(this.#ref.type, this.#ref.id) };
    await this.#session
      .call({ operation: "DestroyPropertyCollector", args, action: "drop a property collector" })
      .catch(() => undefined);
  }
}

function changeFrom(update: unknown): ObjectChange[] {
  const ref = reference(update, "obj");
  if (ref === undefined) return [];
  const [missing] = list(update, "missingSet");
  const fault = localizedFault(at(missing, "fault"));
  if (fault?.type === "ManagedObjectNotFound") return [{ ref, gone: true, values: new Map() }];
  // Never shown means waited for in vain.
  if (fault !== undefined) throw new UnreadableProperty(ref, text(missing, "path") ?? "", fault);
  const values = new Map(
    list(update, "changeSet").map((each) => [
      text(each, "name") ?? "",
      text(each, "op") === "assign" ? at(each, "val") : undefined,
    ]),
  );
  return [{ ref, gone: text(update, "kind") === "leave", values }];
}

/** The present state of objects of one type in the same form, for where the server does not tell of changes. */
export async function readNow(
  session: Session,
  refs: readonly Reference[],
  [type, paths]: readonly [type: string, paths: readonly string[]],
  action: string,
): Promise<ObjectChange[]> {
  const selection = { properties: { [type]: paths }, from: refs.map((object) => ({ object })) };
  const objects = await retrieve(session, [selection], action);
  const found = new Map(objects.map((each) => [each.ref.id, each]));
  return refs.map((ref) => {
    const object = found.get(ref.id);
    return {
      ref,
      gone: object === undefined,
      values: new Map(object === undefined ? [] : paths.map((path) => [path, object.value(path)])),
    };
  });
}

function goneFrom(object: unknown): ObjectChange[] {
  const ref = reference(object);
  return ref === undefined ? [] : [{ ref, gone: true, values: new Map() }];
}
