import { expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import { filterSpec } from "../../src/vsphere/properties.ts";
import { refTo } from "../../src/vsphere/values.ts";
import { loadWsdl, VIM_NAMESPACE } from "../../src/vsphere/wsdl.ts";

test("the subset defines every type that it names", async () => {
  const xml = (await loadWsdl()).toXML();
  const named = [...xml.matchAll(/(?:type|base|element)="vim25:(\w+)"/g)].map(([, name]) => name);
  const defined = new Set(
    [...xml.matchAll(/<(?:xsd:complexType|xsd:element|portType|binding) name="(\w+)"/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((each) => !each?.endsWith("Binding") && !defined.has(each))).toEqual([]);
});

test("a filter is written in schema order, with its traversals typed and its text escaped", async () => {
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
  const wsdl = await loadWsdl();
  const xml: unknown = wsdl.objectToDocumentXML(
    "RetrievePropertiesEx",
    args,
    "vim25",
    VIM_NAMESPACE,
    "RetrievePropertiesEx",
  );
  expect(String(xml).replaceAll("vim25:", "")).toBe(
    '<RetrievePropertiesEx xmlns:vim25="urn:vim25" xmlns="urn:vim25"><_this type="PropertyCollector">pc</_this>' +
      "<specSet><propSet><type>Folder</type><all>false</all><pathSet>name</pathSet><pathSet>a&lt;b</pathSet></propSet>" +
      '<objectSet><obj type="Folder">group-d1</obj><skip>false</skip>' +
      '<selectSet xsi:type="TraversalSpec"><name>down</name><type>Folder</type><path>childEntity</path><skip>false</skip>' +
      "<selectSet><name>down</name></selectSet></selectSet></objectSet>" +
      "<reportMissingObjectsInResults>true</reportMissingObjectsInResults></specSet><options></options></RetrievePropertiesEx>",
  );
});
