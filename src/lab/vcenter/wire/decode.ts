/**
 * Requests, from XML elements to values, held to the schema as a real vCenter holds them: elements in schema order,
 * nothing unknown, nothing required left out. Every refusal is an `InvalidRequest` fault that says what is wrong.
 */

import {
  enumLiterals,
  type Field,
  isA,
  type MethodDef,
  SIMPLE_TYPES,
  type TypeDef,
  typeNamed,
} from "../schema/schema.ts";
import { invalidRequest } from "./faults.ts";
import { type Data, Ref, type Value } from "./value.ts";
import { resolveQName, type XmlElement, XSD, XSI } from "./xml.ts";

const XSI_TYPE = `{${XSI}}type`;
const XSI_NIL = `{${XSI}}nil`;

/** Whether a namespace is vim25's; clients put the version behind it, or leave it out. */
export const isVimNamespace = (ns: string): boolean => /^urn:(internal)?vim25(\/.*)?$/.test(ns);

/** The parameters of a call, `_this` among them. */
export function decodeCall(element: XmlElement, method: MethodDef): Data {
  return decodeFields(
    element,
    method.params,
    (problem) => `${problem}\n\nwhile parsing call information for method ${method.name}`,
  );
}

type Blame = (problem: string) => string;

function decodeFields(element: XmlElement, type: TypeDef, blame: Blame): Data {
  const result: Record<string, Value> = {};
  let cursor = 0;
  for (const child of element.children) {
    const at = isVimNamespace(child.ns)
      ? type.fields.findIndex((field, index) => index >= cursor && field.name === child.name)
      : -1;
    const field = type.fields[at];
    if (field === undefined) throw invalidRequest(blame(`Unexpected element tag "${child.name}" seen`));
    const value = decodeValue(child, field, blame);
    if (value !== undefined) {
      const before = result[field.name];
      result[field.name] = field.list ? [...(Array.isArray(before) ? before : []), value] : value;
    }
    cursor = field.list ? at : at + 1;
  }
  for (const wanted of type.fields) requireGiven(wanted, result, type, blame);
  if (element.children.length === 0 && element.text.trim() !== "") {
    throw invalidRequest(blame(`Unexpected text in data object of type ${type.name}`));
  }
  return result;
}

function requireGiven(field: Field, given: Readonly<Record<string, Value>>, type: TypeDef, blame: Blame): void {
  if (field.optional || given[field.name] !== undefined) return;
  throw invalidRequest(blame(`Required property ${field.name} is missing from data object of type ${type.name}`));
}

function decodeValue(element: XmlElement, field: Field, blame: Blame): Value | undefined {
  if (element.attributes.get(XSI_NIL) === "true") return undefined;
  if (field.kind === "ref") return decodeRef(element, field, blame);
  if (field.kind === "data") return decodeData(element, field, blame);
  if (element.children.length > 0)
    throw invalidRequest(blame(`Unexpected element tag "${element.children[0]?.name}" seen`));
  if (field.kind === "enum") {
    if (enumLiterals(field.type).has(element.text)) return element.text;
    throw invalidRequest(blame(`Invalid value "${element.text}" for enumeration ${field.type}`));
  }
  return decodeSimple(element.text, field.kind === "any" ? simpleTypeOf(element, blame) : field.type, blame);
}

function decodeRef(element: XmlElement, field: Field, blame: Blame): Ref {
  const type = element.attributes.get("type") ?? field.type;
  if (element.text === "") throw invalidRequest(blame(`Empty reference for ${field.name}`));
  // A type that the lab does not know may still be a managed object of the real API; it just does not exist here.
  const def = typeNamed(type);
  if (def !== undefined && (!def.managed || (!isA(type, field.type) && !isA(field.type, type)))) {
    throw invalidRequest(blame(`Expected a reference to ${field.type} for ${field.name}, got ${type}`));
  }
  return new Ref(type, element.text);
}

function decodeData(element: XmlElement, field: Field, blame: Blame): Data {
  const name = declaredType(element, blame) ?? field.type;
  const type = typeNamed(name);
  if (type === undefined || type.managed) throw invalidRequest(blame(`Unable to resolve WSDL type name ${name}`));
  if (!isA(name, field.type)) throw invalidRequest(blame(`Type ${name} is not a ${field.type}`));
  const inside: Blame = (problem) => blame(`${problem}\n\nwhile parsing serialized DataObject of type ${name}`);
  const data = decodeFields(element, type, inside);
  return name === field.type ? data : { ...data, $type: name };
}

/** The type that `xsi:type` names, without its prefix. */
function declaredType(element: XmlElement, blame: Blame): string | undefined {
  const attribute = element.attributes.get(XSI_TYPE);
  if (attribute === undefined) return undefined;
  const resolved = resolveQName(attribute.trim(), element);
  if (resolved === undefined) throw invalidRequest(blame(`Undeclared namespace prefix in xsi:type "${attribute}"`));
  return resolved.name;
}

function simpleTypeOf(element: XmlElement, blame: Blame): string {
  const attribute = element.attributes.get(XSI_TYPE);
  const resolved = attribute === undefined ? undefined : resolveQName(attribute, element);
  if (resolved === undefined) throw invalidRequest(blame(`Missing xsi:type on ${element.name}`));
  if (resolved.ns !== XSD || !SIMPLE_TYPES.has(resolved.name)) {
    throw invalidRequest(blame(`Unable to resolve WSDL type name ${resolved.name}`));
  }
  return resolved.name;
}

function decodeSimple(text: string, type: string, blame: Blame): Value {
  const fail = (): never => {
    throw invalidRequest(blame(`Invalid value "${text}" for type ${type}`));
  };
  switch (type) {
    case "boolean": {
      const word = text.trim();
      if (word === "true" || word === "1") return true;
      if (word === "false" || word === "0") return false;
      return fail();
    }
    case "byte":
    case "short":
    case "int":
    case "long":
      return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : fail();
    case "float":
    case "double":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : fail();
    case "dateTime": {
      const date = new Date(text.trim());
      return Number.isNaN(date.getTime()) ? fail() : date;
    }
    default:
      return text;
  }
}
