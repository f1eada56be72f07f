/** `RetrieveProperties…`: one look at the selected objects, in pages. */

import { asSoapFault, localized, objectNotFound } from "../wire/faults.ts";
import { type Any, type Data, Ref } from "../wire/value.ts";
import { type Path, readPath } from "./paths.ts";
import { type Find, type Selected, select } from "./select.ts";
import type { FilterSpec } from "./spec.ts";

/** The most objects that one reply carries, whatever the client asks for. */
const PAGE_LIMIT = 1000;

export interface PropertyValue {
  readonly path: Path;
  /** Unset properties are left out before they get here. */
  readonly value?: Any;
  /** `LocalizedMethodFault` of a property that cannot be read. */
  readonly fault?: Data;
}

/** The set properties among `paths`, and the unreadable ones with why. */
export function readProperties({ entity, paths }: Selected, find: Find): PropertyValue[] {
  const read: PropertyValue[] = [];
  for (const path of paths) {
    try {
      const value = readPath(entity, path);
      if (value !== undefined) read.push({ path, value });
    } catch (error) {
      read.push({ path, fault: localized(asSoapFault(error, (id) => find(id)?.ref)) });
    }
  }
  return read;
}

/** All selected objects of all specs. Throws `ManagedObjectNotFound` for a starting object that is gone, unless the spec wants none of that. */
export function selectAll(specs: readonly FilterSpec[], find: Find): Selected[] {
  return specs.flatMap((spec) => {
    const { selected, missing } = select(spec, find);
    const [gone] = missing;
    if (gone !== undefined && !spec.reportMissing) throw objectNotFound(new Ref(gone.type, gone.id));
    return selected;
  });
}

/** `ObjectContent` */
export function contentOf(selected: Selected, find: Find): Data {
  const propSet: Data[] = [];
  const missingSet: Data[] = [];
  for (const { path, value, fault } of readProperties(selected, find)) {
    if (value !== undefined) propSet.push({ name: path.text, val: value });
    if (fault !== undefined) missingSet.push({ path: path.text, fault });
  }
  return { obj: selected.entity.ref, propSet, missingSet };
}

/** Results that wait to be fetched, by token. A token is good for one fetch. */
export class Pages {
  readonly #rest = new Map<string, { selected: Selected[]; size: number }>();
  #next = 0;

  /** `RetrieveResult`, or undefined when nothing is selected. */
  first(selected: Selected[], maxObjects: number | undefined, find: Find): Data | undefined {
    const size = Math.min(maxObjects ?? PAGE_LIMIT, PAGE_LIMIT);
    return selected.length === 0 ? undefined : this.#page(selected, size, find);
  }

  /** The next page, or undefined when the token is none of ours. */
  next(token: string, find: Find): Data | undefined {
    const rest = this.#rest.get(token);
    if (rest === undefined) return undefined;
    this.#rest.delete(token);
    return this.#page(rest.selected, rest.size, find);
  }

  /** Whether there was such a token. */
  cancel(token: string): boolean {
    return this.#rest.delete(token);
  }

  #page(selected: Selected[], size: number, find: Find): Data {
    const objects = selected.slice(0, size).map((item) => contentOf(item, find));
    if (selected.length <= size) return { objects };
    const token = String(this.#next++);
    this.#rest.set(token, { selected: selected.slice(size), size });
    return { token, objects };
  }
}
