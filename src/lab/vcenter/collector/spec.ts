/** A `PropertyFilterSpec`, checked and with its named selections tied together. */

import { isA, typeNamed } from "../schema/schema.ts";
import { flag, optionalText, records, ref, text, texts } from "../wire/args.ts";
import { invalidArgument, SoapFault } from "../wire/faults.ts";
import type { Data, Ref } from "../wire/value.ts";
import { type Path, pathOn } from "./paths.ts";

export interface FilterSpec {
  readonly objects: readonly ObjectSpec[];
  /** False: a starting object that is gone fails the call. */
  readonly reportMissing: boolean;
  /** Paths to read of an object of this type; undefined when no property spec matches it. */
  pathsFor(type: string): readonly Path[] | undefined;
}

export interface ObjectSpec {
  readonly obj: Ref;
  readonly skip: boolean;
  readonly select: readonly Traversal[];
}

export interface Traversal {
  readonly type: string;
  readonly path: string;
  readonly skip: boolean;
  /** Filled after all are read, since selections may name each other in circles. */
  select: readonly Traversal[];
}

interface PropertySpec {
  readonly type: string;
  readonly all: boolean;
  readonly pathSet: readonly string[];
}

const invalidProperty = (name: string): SoapFault =>
  new SoapFault("InvalidProperty", `The property ${name} does not exist or cannot be read`, { name });

/** Throws `InvalidProperty` and `InvalidArgument`. */
export function parseFilterSpec(data: Data): FilterSpec {
  const properties = records(data, "propSet").map(parsePropertySpec);
  const memo = new Map<string, readonly Path[] | undefined>();
  return {
    objects: parseObjects(records(data, "objectSet")),
    reportMissing: flag(data, "reportMissingObjectsInResults"),
    pathsFor(type) {
      if (!memo.has(type)) memo.set(type, pathsOf(type, properties));
      return memo.get(type);
    },
  };
}

function managedType(name: string, argument: string): string {
  if (typeNamed(name)?.managed !== true) throw invalidArgument(argument);
  return name;
}

function parsePropertySpec(data: Data): PropertySpec {
  const type = managedType(text(data, "type"), "specSet.propSet.type");
  const all = flag(data, "all");
  const pathSet = all ? [] : texts(data, "pathSet");
  for (const path of pathSet) {
    if (pathOn(type, path) === undefined) throw invalidProperty(path);
  }
  return { type, all, pathSet };
}

/** All property specs that fit the type count, the ones for its base types too. */
function pathsOf(type: string, specs: readonly PropertySpec[]): readonly Path[] | undefined {
  const fitting = specs.filter((spec) => isA(type, spec.type));
  if (fitting.length === 0) return undefined;
  const names = fitting.flatMap((spec) =>
    spec.all ? (typeNamed(type)?.fields ?? []).map((field) => field.name) : spec.pathSet,
  );
  return [...new Set(names)].flatMap((name) => pathOn(type, name) ?? []);
}

function parseObjects(objectSet: readonly Data[]): ObjectSpec[] {
  const named = new Map<string, Traversal>();
  const links: (() => void)[] = [];
  const parse = (selection: Data): (() => Traversal) => {
    const name = optionalText(selection, "name") ?? "";
    if (selection.$type !== "TraversalSpec") {
      return () => {
        const traversal = named.get(name);
        if (traversal === undefined) throw invalidArgument("specSet.objectSet.selectSet.name");
        return traversal;
      };
    }
    const traversal = parseTraversal(selection);
    if (name !== "") named.set(name, traversal);
    const below = records(selection, "selectSet").map(parse);
    links.push(() => {
      traversal.select = below.map((resolve) => resolve());
    });
    return () => traversal;
  };
  const objects = objectSet.map((data) => ({ data, select: records(data, "selectSet").map(parse) }));
  for (const link of links) link();
  return objects.map(({ data, select }) => ({
    obj: ref(data, "obj"),
    skip: flag(data, "skip"),
    select: select.map((resolve) => resolve()),
  }));
}

function parseTraversal(selection: Data): Traversal {
  const type = managedType(text(selection, "type"), "specSet.objectSet.selectSet.type");
  const path = text(selection, "path");
  const known = pathOn(type, path);
  if (known === undefined || (known.end.kind !== "ref" && known.end.kind !== "any")) throw invalidProperty(path);
  return { type, path, skip: flag(selection, "skip"), select: [] };
}
