import fc from "fast-check";
import { expect, test } from "vitest";
import { typeNamed } from "../../../../src/lab/vcenter/schema/schema.ts";
import { encodeField } from "../../../../src/lab/vcenter/wire/encode.ts";
import { escapeXml, parseXml } from "../../../../src/lab/vcenter/wire/xml.ts";

test("what is escaped reads back as it was, save what XML cannot carry", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const { text: back } = parseXml(`<a>${escapeXml(text)}</a>`);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for these
      expect(back).toBe(text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd"));
    }),
  );
});

test("data objects are written in schema order, whatever the order of their members", () => {
  const field = typeNamed("HostFileSystemMountInfo")?.byName.get("mountInfo") ?? expect.fail();
  const xml = encodeField(field, { accessible: true, path: "/a&b", accessMode: "readWrite" });
  expect(xml).toBe(
    "<mountInfo><path>/a&amp;b</path><accessMode>readWrite</accessMode><accessible>true</accessible></mountInfo>",
  );
});
