import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, flag, items, list, reference, text, typeName } from "../../src/vsphere/values.ts";
import { type Tree, TreeBuilder } from "../../src/vsphere/xml-reader.ts";

const treeOf = (xml: string, size = xml.length): Tree => {
  const builder = new TreeBuilder();
  for (let from = 0; from < xml.length; from += size) builder.write(xml.slice(from, from + size));
  return builder.end();
};

const REPLY = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"><s:Body><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>
<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>name</name><val xsi:type="xsd:string">a &amp; b</val></propSet>
<propSet><name>template</name><val XMLSchema-instance:type="xsd:boolean">false</val></propSet></objects>
<objects><obj type="VirtualMachine">vm-2</obj><propSet><name>datastore</name><val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Datastore" xsi:type="ManagedObjectReference">datastore-1</ManagedObjectReference></val></propSet></objects>
</returnval></RetrievePropertiesExResponse></s:Body></s:Envelope>`;

const properties = (tree: unknown): unknown[] =>
  list(tree, "Body", "RetrievePropertiesExResponse", "returnval", "objects").flatMap((each) => [
    reference(each, "obj"),
    ...list(each, "propSet").map((property) => {
      const val = at(property, "val");
      return [text(property, "name"), text(val), typeName(val), flag(val), items(val).map((item) => reference(item))];
    }),
  ]);

describe("the tree of a reply", () => {
  test("has objects with properties of any type, under any prefix", () => {
    expect(properties(at(treeOf(REPLY), "Envelope"))).toEqual([
      { type: "VirtualMachine", id: "vm-1" },
      ["name", "a & b", "string", undefined, []],
      ["template", "false", "boolean", false, []],
      { type: "VirtualMachine", id: "vm-2" },
      ["datastore", undefined, "ArrayOfManagedObjectReference", undefined, [{ type: "Datastore", id: "datastore-1" }]],
    ]);
  });

  test("does not depend on where the pieces end", () => {
    const whole = treeOf(REPLY);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (size) => {
        expect(treeOf(REPLY, size)).toEqual(whole);
      }),
    );
  });

  test("keeps any text of an element", () => {
    const escaped = (raw: string): string =>
      raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (raw) => {
        expect(text(treeOf(`<a>${escaped(raw)}</a>`), "a") ?? "").toBe(raw);
        expect(text(treeOf(`<a b="c">${escaped(raw)}</a>`), "a") ?? "").toBe(raw);
      }),
    );
  });

  test("keeps the blanks at either end of a name, and none of those between elements", () => {
    const tree = treeOf('<a>\n  <name> web 01 </name>\n  <val type="string">\u3000x </val>\n</a>');
    expect(text(tree, "a", "name")).toBe(" web 01 ");
    expect(text(tree, "a", "val")).toBe("\u3000x ");
    expect(at(tree, "a", "$value")).toBeUndefined();
  });

  test("joins text and marked-up text", () => {
    expect(text(treeOf("<a>x &lt; <![CDATA[<y>]]>z</a>"), "a")).toBe("x < <y>z");
  });

  test("takes an element called __proto__ for an element", () => {
    const tree = treeOf("<a><__proto__><polluted>1</polluted></__proto__><b>2</b></a>");
    expect(text(tree, "a", "b")).toBe("2");
    expect(at(tree, "a", "polluted")).toBeUndefined();
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test.each(["", "text", "<a>", "<a></b>", "{}", "<a>&nope;</a>"])(
    "refuses %j and says that the document is at fault",
    (xml) => {
      const builder = new TreeBuilder();
      const parse = (): unknown => {
        builder.write(xml);
        return at(builder.end(), "a");
      };
      try {
        expect(parse()).toBeUndefined();
      } catch {
        expect(builder.malformed).toBe(true);
      }
    },
  );
});
