/** Which objects a filter spec selects, by traversal from its starting objects. */

import { isA } from "../schema/schema.ts";
import { Ref } from "../wire/value.ts";
import type { Entity } from "./entity.ts";
import { type Path, pathOn, readPath } from "./paths.ts";
import type { FilterSpec, Traversal } from "./spec.ts";

export type Find = (id: string) => Entity | undefined;

export interface Selected {
  readonly entity: Entity;
  readonly paths: readonly Path[];
}

export interface Selection {
  readonly selected: readonly Selected[];
  /** Starting objects that do not exist. */
  readonly missing: readonly Ref[];
}

export function select(spec: FilterSpec, find: Find): Selection {
  const found = new Map<string, Selected>();
  const missing: Ref[] = [];
  const walked = new Map<Traversal, Set<string>>();

  const include = (entity: Entity): void => {
    const { type, id } = entity.ref;
    const paths = found.has(id) ? undefined : spec.pathsFor(type);
    if (paths !== undefined) found.set(id, { entity, paths });
  };
  const walk = (entity: Entity, traversals: readonly Traversal[]): void => {
    for (const traversal of traversals) {
      if (!isA(entity.ref.type, traversal.type) || !firstTime(traversal, entity.ref.id)) continue;
      for (const target of targetsOf(entity, traversal)) {
        const next = find(target.id);
        // A reference may outlive its object by a moment: then there is nothing to select.
        if (next === undefined) continue;
        if (!traversal.skip) include(next);
        if (traversal.select.length > 0) walk(next, traversal.select);
      }
    }
  };
  const firstTime = (traversal: Traversal, id: string): boolean => {
    const seen = walked.get(traversal) ?? new Set();
    walked.set(traversal, seen);
    return seen.size !== seen.add(id).size;
  };

  for (const start of spec.objects) {
    const entity = find(start.obj.id);
    if (entity === undefined) {
      missing.push(start.obj);
      continue;
    }
    if (!start.skip) include(entity);
    walk(entity, start.select);
  }
  return { selected: [...found.values()], missing };
}

function targetsOf(entity: Entity, traversal: Traversal): readonly Ref[] {
  const path = pathOn(entity.ref.type, traversal.path);
  const value = path === undefined ? undefined : tryRead(entity, path);
  if (value instanceof Ref) return [value];
  return Array.isArray(value) ? value.filter((item) => item instanceof Ref) : [];
}

/** What cannot be read leads nowhere. */
function tryRead(entity: Entity, path: Path): unknown {
  try {
    return readPath(entity, path)?.value;
  } catch {
    return undefined;
  }
}
