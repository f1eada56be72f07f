/** Property paths: dotted names from a managed object down into its data, such as `config.files.vmPathName`. */

import { type Field, subtypesOf, typeNamed } from "../schema/schema.ts";
import { Any, force, isData, type Value } from "../wire/value.ts";
import type { Entity } from "./entity.ts";

export interface Path {
  readonly text: string;
  readonly steps: readonly { readonly name: string; readonly key?: string }[];
  /** What the last step is declared as; a keyed step stands for one item. */
  readonly end: Field;
}

const STEP = /^(\w+)(?:\[(.+)\])?$/;
const compiled = new Map<string, Path | undefined>();

/** The path on objects of a managed type, or undefined when the type has no such property. */
export function pathOn(type: string, text: string): Path | undefined {
  const memo = `${type} ${text}`;
  if (!compiled.has(memo)) {
    // The memo holds what clients asked for; a hostile one must not fill the memory.
    if (compiled.size > 10_000) compiled.clear();
    compiled.set(memo, compile(type, text));
  }
  return compiled.get(memo);
}

function compile(type: string, text: string): Path | undefined {
  const steps: { name: string; key?: string }[] = [];
  let declared: Field = { name: "", type, kind: "data", list: false, optional: false };
  let owners = [typeNamed(type)];
  for (const part of text.split(".")) {
    const [, name, key] = STEP.exec(part) ?? [];
    if (name === undefined) return undefined;
    steps.push(key === undefined ? { name } : { name, key: key.replace(/^"(.*)"$/, "$1") });
    // Nothing is known of what lies below a property that the lab leaves unset.
    if (declared.kind === "any") continue;
    if (declared.kind !== "data" || declared.list) return undefined;
    const field = owners.map((owner) => owner?.byName.get(name)).find((one) => one !== undefined);
    if (field === undefined || (key !== undefined && !field.list)) return undefined;
    declared = key === undefined ? field : { ...field, list: false };
    owners = field.kind === "data" ? subtypesOf(field.type) : [];
  }
  return { text, steps, end: declared };
}

/** The property's value with its type, or undefined when it is unset. Throws what the entity throws when it is unreadable. */
export function readPath(entity: Entity, path: Path): Any | undefined {
  let value: Value | undefined;
  for (const [index, step] of path.steps.entries()) {
    value = force(index === 0 ? entity.read(step.name) : member(value, step.name));
    if (step.key !== undefined) value = keyed(value, step.key);
    if (value === undefined) return undefined;
  }
  if (value === undefined) return undefined;
  return value instanceof Any ? value : new Any(path.end.type, value, path.end.list);
}

function member(value: Value | undefined, name: string): Value | undefined {
  return isData(value) ? value[name] : undefined;
}

function keyed(value: Value | undefined, key: string): Value | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.find((item: Value) => isData(item) && String(item["key"]) === key);
}
