/** XML in, as a small tree with namespaces resolved, and the escaping that XML out needs. */
import { SaxesParser } from "saxes";

export const XSI = "http://www.w3.org/2001/XMLSchema-instance";
export const XSD = "http://www.w3.org/2001/XMLSchema";
export const SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";

export interface XmlElement {
  readonly name: string;
  /** Namespace URI, `""` for none. */
  readonly ns: string;
  /** Attributes by `name` when unqualified, by `{namespace}name` otherwise. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
  /** Prefixes in scope, for QNames in content such as `xsi:type`'s. */
  readonly prefixes: Readonly<Record<string, string>>;
}

/** The document is not well-formed, or holds what SOAP forbids. */
export class XmlError extends Error {}

const MAX_DEPTH = 200;

/** Parses a whole document and returns its root. Throws `XmlError`; a DOCTYPE is refused, as SOAP 1.1 has it. */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  const addText = (chunk: string): void => {
    const top = open.at(-1);
    if (top !== undefined) top.text += chunk;
  };
  parser.on("error", (error) => {
    throw new XmlError(error.message);
  });
  parser.on("doctype", () => {
    throw new XmlError("a DOCTYPE is not allowed");
  });
  parser.on("opentag", (tag) => {
    if (open.length >= MAX_DEPTH) throw new XmlError("nested too deeply");
    const parent = open.at(-1);
    const element: XmlElement = {
      name: tag.local,
      ns: tag.uri,
      attributes: new Map(
        Object.values(tag.attributes).map((a) => [a.uri === "" ? a.local : `{${a.uri}}${a.local}`, a.value]),
      ),
      children: [],
      text: "",
      prefixes: Object.assign(Object.create(parent?.prefixes ?? null), tag.ns),
    };
    parent?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(text).close();
  if (root === undefined) throw new XmlError("an empty document");
  return root;
}

/** Splits a QName and resolves its prefix; undefined when the prefix is not declared. */
export function resolveQName(qname: string, scope: XmlElement): { ns: string; name: string } | undefined {
  const colon = qname.indexOf(":");
  if (colon < 0) return { ns: scope.prefixes[""] ?? "", name: qname };
  const ns = scope.prefixes[qname.slice(0, colon)];
  return ns === undefined ? undefined : { ns, name: qname.slice(colon + 1) };
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};
const SPECIAL = /[&<>"\r]/;
const SPECIAL_ALL = /[&<>"\r]/g;
// Characters that XML 1.0 cannot carry at all, escaped or not.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ILLEGAL_ALL = new RegExp(ILLEGAL.source, "g");

/** Escapes text for element content or a quoted attribute; characters that XML cannot carry become U+FFFD. */
export function escapeXml(text: string): string {
  const legal = ILLEGAL.test(text) ? text.replace(ILLEGAL_ALL, "\ufffd") : text;
  return SPECIAL.test(legal) ? legal.replace(SPECIAL_ALL, (char) => ESCAPES[char] ?? char) : legal;
}
