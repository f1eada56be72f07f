/**
 * Reading of parsed vim25 replies. What comes from the socket is `unknown`: these look into it and answer undefined, or
 * an empty list, where something else than expected is there. Primitives are told by their text, since a value of type
 * `xsd:anyType` arrives as text with its type in an attribute.
 */
import { asMoRef, type MoRef } from "../core/domain/ids.ts";

/** The member at the end of `path`; of a list along the way, its first item. */
export function at(node: unknown, ...path: string[]): unknown {
  let here = node;
  for (const name of path) {
    const one = Array.isArray(here) ? here[0] : here;
    if (typeof one !== "object" || one === null || !Object.hasOwn(one, name)) return undefined;
    here = Reflect.get(one, name);
  }
  return here;
}

/** A repeated member as a list: absent is empty, a single one is a list of one. */
export function list(node: unknown, ...path: string[]): unknown[] {
  const value = at(node, ...path);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Items of a property whose type is `ArrayOf…`, whatever their element is called. */
export function items(node: unknown): unknown[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === "attributes" || name === "$value" ? [] : list(value),
  );
}

export function text(node: unknown, ...path: string[]): string | undefined {
  const value = at(node, ...path);
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? text(at(value, "$value")) : undefined;
}

export function flag(node: unknown, ...path: string[]): boolean | undefined {
  const value = text(node, ...path)
    ?.trim()
    .toLowerCase();
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" ? false : undefined;
}

export interface Reference {
  readonly type: string;
  readonly id: MoRef;
}

export function reference(node: unknown, ...path: string[]): Reference | undefined {
  const value = at(node, ...path);
  const id = text(value);
  const type = text(value, "attributes", "type");
  return id === undefined || id === "" || type === undefined ? undefined : { type, id: asMoRef(id) };
}

/** The name in `xsi:type`, without a prefix: servers write the attribute itself under various ones. */
export function typeName(node: unknown): string | undefined {
  const attributes = at(node, "attributes");
  if (typeof attributes !== "object" || attributes === null) return undefined;
  const key = Object.keys(attributes).find((each) => each.endsWith(":type"));
  const name = key === undefined ? undefined : text(attributes, key);
  return name?.slice(name.indexOf(":") + 1);
}

/** A managed object reference as an argument. */
export const refTo = (type: string, id: string): { attributes: { type: string }; $value: string } => ({
  attributes: { type },
  $value: id,
});
