import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArrayOptions, StorageArray } from "../../src/array/driver.ts";
import { ARRAY_KINDS } from "../../src/array/kinds.ts";
import { loadDriver } from "../../src/array/load-driver.ts";
import { asVolumeId } from "../../src/core/domain/ids.ts";
import { clone, fakeClock, memoryLog, refusal } from "./dgs/support.ts";

const OPTIONS: ArrayOptions = {
  url: "https://array.test",
  username: "u",
  password: () => "p",
  tls: { insecure: true },
  timeouts: { connectMs: 1, callMs: 1, jobMs: 1 },
  clock: fakeClock(),
  log: memoryLog(),
};

/** A foreign driver whose array has one volume of a kind; deleting it is recorded in `globalThis.deleted`. */
const source = (kind: string, failure = ""): string => `
const reader = {
  clients: async () => { ${failure} return []; },
  volumes: async () => [],
  volume: async (id) => (id === "gone" ? undefined : { ...${JSON.stringify(clone)}, id, declaredKind: "${kind}" }),
  assignments: async () => [],
  snapshots: async () => [],
};
const writer = { ...reader, deleteClone: async (id) => { globalThis.deletedByDriver = id; } };
const driver = { create: () => ({ reader, writer, close: async () => {} }) };
`;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "atvm-driver-"));
  Reflect.deleteProperty(globalThis, "deletedByDriver");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function foreign(text: string): Promise<StorageArray> {
  const file = join(dir, "driver.mjs");
  await writeFile(file, text);
  return (await loadDriver(file, dir)).create(OPTIONS);
}

const deleted = (): unknown => Reflect.get(globalThis, "deletedByDriver");

describe("loadDriver", () => {
  it.each(ARRAY_KINDS)("has a driver for the kind %s", async (kind) => {
    const { reader, close } = (await loadDriver(kind, dir)).create({ ...OPTIONS, settings: { svm: "lab1" } });
    expect(reader.traits).toBeTypeOf("function");
    await close();
  });

  it("signs in to a DGS with an account and its password only", async () => {
    const dgs = await loadDriver("dgs", dir);
    expect(() => dgs.create({ ...OPTIONS, section: "array", password: undefined, token: () => "t" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", hint: expect.stringContaining("array.username") }),
    );
  });

  it("takes a module's named or default export", async () => {
    expect(await (await foreign(`${source("clone")} export { driver };`)).reader.clients()).toEqual([]);
    await writeFile(join(dir, "other.mjs"), `${source("clone")} export default driver;`);
    expect(await (await loadDriver(join(dir, "other.mjs"), dir)).create(OPTIONS).reader.clients()).toEqual([]);
  });

  it("finds a package that is installed beside the configuration", async () => {
    const place = join(dir, "node_modules/our-array");
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "package.json"), '{"name":"our-array","type":"module","exports":"./index.js"}');
    await writeFile(join(place, "index.js"), `${source("clone")} export { driver };`);
    expect(await (await loadDriver("our-array", dir)).create(OPTIONS).reader.volumes()).toEqual([]);
  });

  it.each([
    ["a module that is not there", undefined],
    ["a module that fails", "throw new Error('broken');"],
    ["a module without a driver", "export const driver = {};"],
  ])("refuses %s as a mistake in the configuration", async (_what, text) => {
    const file = join(dir, "driver.mjs");
    if (text !== undefined) await writeFile(file, text);
    const error = await refusal(loadDriver(file, dir));
    expect(error).toMatchObject({ code: "CONFIG_INVALID", found: { driver: file } });
    expect(error.hint).toContain("dgs or ontap");
  });
});

describe("a foreign driver", () => {
  it("is never told to delete gold, and need not look itself", async () => {
    const { writer } = await foreign(`${source("gold")} export { driver };`);
    expect(await refusal(writer.deleteClone(asVolumeId("vol-1"), "k"))).toMatchObject({ code: "FORBIDDEN" });
    expect(deleted()).toBeUndefined();
  });

  it("is told to delete a clone that is there", async () => {
    const { writer } = await foreign(`${source("clone")} export { driver };`);
    await writer.deleteClone(asVolumeId("gone"), "k");
    expect(deleted()).toBeUndefined();
    await writer.deleteClone(asVolumeId("vol-7"), "k");
    expect(deleted()).toBe("vol-7");
  });

  it("may have names that hide, reorder or cut something: they are shown without it", async () => {
    const name = JSON.stringify("web\u202e\ud83d ");
    const text = source("clone")
      .replace("return [];", `return [{ id: "c", name: ${name}, initiators: [] }];`)
      .replace("volumes: async () => []", `volumes: async () => [{ ...(await reader.volume("v")), name: ${name} }]`)
      .replace("snapshots: async () => []", `snapshots: async () => [{ id: "s", volumeId: "v", name: ${name} }]`);
    const { reader, writer } = await foreign(`${text} export { driver };`);
    for (const one of [reader, writer]) {
      const things = [await one.clients(), await one.volumes(), await one.snapshots({ volumeId: asVolumeId("v") })];
      expect(things.flat().map((thing) => thing.name)).toEqual(["web", "web", "web"]);
    }
  });

  it("speaks the engine's error codes by name", async () => {
    const thrown =
      'throw Object.assign(new Error("who?\\u001b"), { code: "AUTHENTICATION_FAILED", hint: "ask", found: { user: "u" } });';
    const { reader } = await foreign(`${source("clone", thrown)} export { driver };`);
    expect(await refusal(reader.clients())).toMatchObject({
      code: "AUTHENTICATION_FAILED",
      message: "who?",
      hint: "ask",
      found: { user: "u" },
    });
  });

  it("that throws anything else is a fault of the array's side", async () => {
    const { reader } = await foreign(
      `${source("clone", 'throw new TypeError("x is not a function");')} export { driver };`,
    );
    expect(await refusal(reader.clients())).toMatchObject({
      code: "REMOTE_FAULT",
      hint: expect.stringContaining("driver"),
    });
  });
});
