import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import { filterSpec } from "../../src/vsphere/properties.ts";
import { at, list, refTo, text } from "../../src/vsphere/values.ts";
import { type Tree, TreeBuilder } from "../../src/vsphere/xml-reader.ts";
import { envelope } from "../../src/vsphere/xml-writer.ts";

function read(xml: string): Tree {
  const builder = new TreeBuilder();
  builder.write(xml);
  return builder.end();
}

describe("a call's envelope", () => {
  test("has the arguments in their order, traversals typed and text escaped", () => {
    const spec = filterSpec({
      properties: { Folder: ["name", "a<b"] },
      from: [
        {
          object: { type: "Folder", id: asMoRef("group-d1") },
          traversals: [{ name: "down", type: "Folder", path: "childEntity", onward: ["down"] }],
        },
      ],
    });
    const args = { _this: refTo("PropertyCollector", "pc"), specSet: [spec], options: {} };
    expect(envelope("RetrievePropertiesEx", args)).toContain(
      '<soapenv:Body><RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">pc</_this>' +
        "<specSet><propSet><type>Folder</type><all>false</all><pathSet>name</pathSet><pathSet>a&lt;b</pathSet></propSet>" +
        '<objectSet><obj type="Folder">group-d1</obj><skip>false</skip>' +
        '<selectSet xsi:type="TraversalSpec"><name>down</name><type>Folder</type><path>childEntity</path><skip>false</skip>' +
        "<selectSet><name>down</name></selectSet></selectSet></objectSet>" +
        "<reportMissingObjectsInResults>true</reportMissingObjectsInResults></specSet><options></options>" +
        "</RetrievePropertiesEx></soapenv:Body>",
    );
  });

  test("is read back as it was meant, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1 }),
        fc.string(),
        (paths, id) => {
          const args = { _this: refTo("PropertyCollector", id), pathSet: paths };
          const call = at(read(envelope("CreateFilter", args)), "Envelope", "Body", "CreateFilter");
          expect(list(call, "pathSet").map((each) => text(each) ?? "")).toEqual(paths);
          expect(text(call, "_this") ?? "").toBe(id);
        },
      ),
    );
  });
});
