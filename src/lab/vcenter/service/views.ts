/** Views: sets of objects that a client names once and traverses from. */

import type { Entity } from "../collector/entity.ts";
import type { Find } from "../collector/select.ts";
import { isA } from "../schema/schema.ts";
import { force, Ref } from "../wire/value.ts";

export type View = ContainerView | ListView;

export interface ContainerView {
  readonly kind: "container";
  readonly ref: Ref;
  readonly container: Ref;
  readonly types: readonly string[];
  readonly recursive: boolean;
}

export interface ListView {
  readonly kind: "list";
  readonly ref: Ref;
  readonly members: Map<string, Ref>;
}

/** Where a container's children are, by its type; a host's and a compute resource's storage counts only when it is the container itself. */
const CHILDREN: readonly { type: string; paths: readonly string[]; atTop?: readonly string[] }[] = [
  { type: "Folder", paths: ["childEntity"] },
  { type: "Datacenter", paths: ["vmFolder", "hostFolder", "datastoreFolder", "networkFolder"] },
  { type: "ComputeResource", paths: ["host", "resourcePool"], atTop: ["datastore", "network"] },
  { type: "ResourcePool", paths: ["resourcePool", "vm"] },
  { type: "HostSystem", paths: [], atTop: ["vm", "datastore", "network"] },
];

/** Whether a container view can be made of an object of this type. */
export const isContainer = (type: string): boolean => CHILDREN.some((candidate) => isA(type, candidate.type));

export function membersOf(view: View, find: Find): Ref[] {
  if (view.kind === "list") return [...view.members.values()].filter((one) => find(one.id) !== undefined);
  const found = new Map<string, Ref>();
  const queue: Entity[] = [];
  const visit = (entity: Entity, atTop: boolean): void => {
    for (const child of childrenOf(entity, atTop)) {
      const next = found.has(child.id) ? undefined : find(child.id);
      if (next === undefined) continue;
      found.set(child.id, child);
      if (view.recursive) queue.push(next);
    }
  };
  const top = find(view.container.id);
  if (top !== undefined) visit(top, true);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) visit(next, false);
  const all = [...found.values()];
  return view.types.length === 0
    ? all
    : all.filter((candidate) => view.types.some((type) => isA(candidate.type, type)));
}

function childrenOf(entity: Entity, atTop: boolean): Ref[] {
  return CHILDREN.filter((candidate) => isA(entity.ref.type, candidate.type)).flatMap(({ paths, atTop: more = [] }) =>
    [...paths, ...(atTop ? more : [])].flatMap((path) => {
      const value = readable(entity, path);
      if (value instanceof Ref) return [value];
      return Array.isArray(value) ? value.filter((item) => item instanceof Ref) : [];
    }),
  );
}

/** What cannot be read leads nowhere. */
function readable(entity: Entity, path: string): unknown {
  try {
    return force(entity.read(path));
  } catch {
    return undefined;
  }
}
