/**
 * The vim25 types and methods that the lab speaks: data and faults from the compact tables beside this file, managed
 * objects from the files that declare them.
 *
 * A line of a table is `Name < Base: field Type, field Type?, …`. After a type, `?` is optional, `*` an optional list,
 * `+` a list of at least one; `&Type` is a reference to a managed object. Fields stand in schema order, which requests
 * must keep to. `enum Name: a b c` lists an enumeration's literals.
 */
import { DATA_TYPES } from "./data.ts";
import { FAULT_TYPES } from "./faults.ts";

export type FieldKind = "simple" | "enum" | "data" | "ref" | "any";

export interface Field {
  readonly name: string;
  /** `string`, `boolean`, `int`, …, an enumeration, a data type, or for a reference the managed type. */
  readonly type: string;
  readonly kind: FieldKind;
  readonly list: boolean;
  readonly optional: boolean;
}

export interface TypeDef {
  readonly name: string;
  readonly base: string | undefined;
  /** The base's fields first, as on the wire. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly managed: boolean;
}

export interface MethodDef {
  readonly name: string;
  /** The managed type that has it. */
  readonly owner: string;
  readonly params: TypeDef;
  readonly result: Field | undefined;
}

export const SIMPLE_TYPES = new Set([
  "string",
  "boolean",
  "byte",
  "short",
  "int",
  "long",
  "float",
  "double",
  "dateTime",
  "base64Binary",
]);

const enums = new Map<string, ReadonlySet<string>>();
const types = new Map<string, TypeDef>();
const methods = new Map<string, MethodDef>();

function kindOf(type: string, isRef: boolean): FieldKind {
  if (isRef) return "ref";
  if (type === "anyType") return "any";
  if (SIMPLE_TYPES.has(type)) return "simple";
  return enums.has(type) ? "enum" : "data";
}

const FIELD = /^(\w+) (&?)(\w+)([?*+]?)$/;

function parseField(text: string): Field {
  const [, name = "", amp, type = "", mark] = FIELD.exec(text.trim()) ?? [];
  if (name === "") throw new Error(`schema table: cannot read the field "${text}"`);
  const list = mark === "*" || mark === "+";
  return { name, type, kind: kindOf(type, amp === "&"), list, optional: mark === "?" || mark === "*" };
}

function parseFields(text: string): Field[] {
  return text.trim() === "" ? [] : text.split(",").map(parseField);
}

function linesOf(table: string): string[] {
  return table.split("\n").filter((line) => line.trim() !== "");
}

function readEnums(table: string): void {
  for (const line of linesOf(table)) {
    const [, name, literals] = /^enum (\w+): (.*)$/.exec(line) ?? [];
    if (name !== undefined && literals !== undefined) enums.set(name, new Set(literals.trim().split(" ")));
  }
}

function readTypes(table: string): void {
  for (const line of linesOf(table)) {
    if (line.startsWith("enum ")) continue;
    const [, name, base, rest] = /^(\w+)(?: < (\w+))?:(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`schema table: cannot read the line "${line}"`);
    addType(name, base, parseFields(rest ?? ""), false);
  }
}

function addType(name: string, base: string | undefined, own: Field[], managed: boolean): void {
  const parent = base === undefined ? undefined : types.get(base);
  if (base !== undefined && parent === undefined) throw new Error(`schema table: ${name} before its base ${base}`);
  types.set(name, defineType(name, base, [...(parent?.fields ?? []), ...own], managed));
}

function defineType(name: string, base: string | undefined, fields: Field[], managed: boolean): TypeDef {
  return { name, base, fields, byName: new Map(fields.map((field) => [field.name, field])), managed };
}

/** Adds a managed type; its base must be there. Returns the methods' names, in order. */
export function registerManaged(type: {
  readonly name: string;
  readonly base: string | undefined;
  readonly fields: readonly string[];
  readonly methods: readonly string[];
}): string[] {
  addType(type.name, type.base, type.fields.map(parseField), true);
  return type.methods.map((notation) => addMethod(type.name, notation));
}

function addMethod(owner: string, notation: string): string {
  const [, name, params, result] = /^(\w+)\((.*)\)(?: -> (\S+))?$/.exec(notation) ?? [];
  if (name === undefined) throw new Error(`schema: cannot read the method "${notation}" of ${owner}`);
  const self: Field = { name: "_this", type: owner, kind: "ref", list: false, optional: false };
  methods.set(name, {
    name,
    owner,
    params: defineType(name, undefined, [self, ...parseFields(params ?? "")], false),
    result: result === undefined ? undefined : parseField(`returnval ${result}`),
  });
  return name;
}

readEnums(DATA_TYPES);
readTypes(DATA_TYPES);
readTypes(FAULT_TYPES);

/** Every field's type is one that the tables define; a test holds them to it. */
export function undefinedTypes(): string[] {
  const fieldsOf = [...types.values(), ...[...methods.values()].map((method) => method.params)];
  const bad = fieldsOf.flatMap((type) =>
    type.fields
      .filter((field) => (field.kind === "data" || field.kind === "ref") && !types.has(field.type))
      .map((field) => `${type.name}.${field.name}: ${field.type}`),
  );
  return [...new Set(bad)];
}

export const typeNamed = (name: string): TypeDef | undefined => types.get(name);
export const methodNamed = (name: string): MethodDef | undefined => methods.get(name);
export const methodNames = (): string[] => [...methods.keys()];
export const enumLiterals = (name: string): ReadonlySet<string> => enums.get(name) ?? new Set();

/** Whether `name` is `ancestor` or derives from it. */
export function isA(name: string, ancestor: string): boolean {
  for (let type: string | undefined = name; type !== undefined; type = types.get(type)?.base) {
    if (type === ancestor) return true;
  }
  return false;
}

/** Data types that derive from `ancestor`, itself included. */
export function subtypesOf(ancestor: string): TypeDef[] {
  return [...types.values()].filter((type) => isA(type.name, ancestor));
}
