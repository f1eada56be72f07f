/** Values to XML, by the schema: fields in order, `xsi:type` where the class is not the declared one. */
import { type Field, type FieldKind, SIMPLE_TYPES, typeNamed } from "../schema/schema.ts";
import { Any, force, isData, Ref, type Value } from "./value.ts";
import { escapeXml } from "./xml.ts";

/** `<tag>…</tag>` for one field of a data object or for a call's result; `""` when the value is unset. */
export function encodeField(field: Field, raw: Value | undefined, tag = field.name): string {
  const value = force(raw);
  if (value === undefined) return "";
  if (!field.list) return encodeOne(tag, field, value);
  let out = "";
  for (const item of listOf(value)) out += encodeOne(tag, field, item);
  return out;
}

function listOf(value: Value): readonly Value[] {
  if (!Array.isArray(value)) throw new TypeError("encode: a list is expected");
  return value;
}

type Slot = Pick<Field, "type" | "kind">;

function encodeOne(tag: string, slot: Slot, raw: Value, attributes = ""): string {
  const value = force(raw);
  if (value === undefined) return "";
  switch (slot.kind) {
    case "ref":
      if (!(value instanceof Ref)) throw new TypeError(`encode: ${tag} takes a reference`);
      return `<${tag} type="${value.type}"${attributes}>${escapeXml(value.id)}</${tag}>`;
    case "any":
      if (!(value instanceof Any)) throw new TypeError(`encode: ${tag} takes an Any`);
      return encodeAny(tag, value);
    case "data":
      return encodeData(tag, slot.type, value, attributes);
    case "simple":
    case "enum":
      return `<${tag}${attributes}>${escapeXml(textOf(value))}</${tag}>`;
  }
}

function textOf(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" ? value : String(value);
}

function encodeData(tag: string, declared: string, value: Value, attributes: string): string {
  if (!isData(value)) throw new TypeError(`encode: ${tag} takes a ${declared}`);
  const name = value.$type ?? declared;
  const type = typeNamed(name);
  let out = `<${tag}${name === declared || attributes !== "" ? attributes : ` xsi:type="${name}"`}>`;
  for (const field of type?.fields ?? []) {
    const member = value[field.name];
    if (member !== undefined) out += encodeField(field, member);
  }
  return `${out}</${tag}>`;
}

/** A slot for values of a type by name, with the kind that the name tells. */
function slotOf(type: string): Slot {
  const kind: FieldKind = SIMPLE_TYPES.has(type) ? "simple" : kindByTable(type);
  return { type, kind };
}

function kindByTable(type: string): FieldKind {
  const def = typeNamed(type);
  if (def === undefined) return "enum";
  return def.managed ? "ref" : "data";
}

/** `<tag xsi:type="…">` for an `anyType` slot: the value names its own type, lists are `ArrayOf…`. */
export function encodeAny(tag: string, any: Any): string {
  const slot = slotOf(any.type);
  const value = force(any.value);
  if (value === undefined) return "";
  if (!any.array) {
    const runtime = (isData(value) && value.$type) || any.type;
    return encodeOne(tag, slot, value, ` xsi:type="${xsiName(slot, runtime)}"`);
  }
  const item = itemName(slot);
  let out = `<${tag} xsi:type="ArrayOf${item.charAt(0).toUpperCase()}${item.slice(1)}">`;
  for (const member of listOf(value)) {
    // Real servers put xsi:type on the items of primitive and reference arrays; on data only where it differs.
    const attributes = slot.kind === "data" ? "" : ` xsi:type="${xsiName(slot, any.type)}"`;
    out += encodeOne(item, slot, member, attributes);
  }
  return `${out}</${tag}>`;
}

function xsiName(slot: Slot, runtime: string): string {
  if (slot.kind === "ref") return "ManagedObjectReference";
  return slot.kind === "simple" ? `xsd:${runtime}` : runtime;
}

function itemName(slot: Slot): string {
  return slot.kind === "ref" ? "ManagedObjectReference" : slot.type;
}
