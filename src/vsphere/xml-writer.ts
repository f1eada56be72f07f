import type { OperationName } from "./operations.ts";

/** What an element holds: text, or a node. A list is the element once for each item. */
export type XmlContent = string | number | boolean | XmlNode | readonly XmlContent[];

/** Children by name, in the order in which they are written; `attributes` and, beside them, text as `$value`. */
export interface XmlNode {
  readonly [name: string]: XmlContent;
}

/** A call's envelope. `args` are in the order of vim25's schema, `_this` first: real servers refuse any other. */
export const envelope = (operation: OperationName, args: XmlNode): string =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><${operation} xmlns="urn:vim25">${childrenOf(args)}</${operation}></soapenv:Body></soapenv:Envelope>`;

const childrenOf = (node: XmlNode): string =>
  Object.entries(node)
    .filter(([name]) => name !== "attributes")
    .map(([name, content]) => (name === "$value" ? textOf(content) : element(name, content)))
    .join("");

function element(name: string, content: XmlContent): string {
  if (isList(content)) return content.map((item) => element(name, item)).join("");
  if (typeof content !== "object") return `<${name}>${textOf(content)}</${name}>`;
  const { attributes = {} } = content;
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${textOf(value)}"`);
  return `<${name}${written.join("")}>${childrenOf(content)}</${name}>`;
}

// `Array.isArray` does not narrow a readonly list.
const isList = (content: XmlContent): content is readonly XmlContent[] => Array.isArray(content);

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // A reader makes of a carriage return as it is a line feed, and in an attribute a space of any of the three.
  "\r": "&#13;",
  "\n": "&#10;",
  "\t": "&#9;",
};

const textOf = (content: XmlContent): string =>
  String(content).replace(/[&<>"\r\n\t]/g, (sign) => ESCAPES[sign] ?? sign);
