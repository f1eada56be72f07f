/** Which VMX files are registered, and whether they are afterwards. */
import { describe, expect, it, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef, asVolumeId } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { BatchOutcome, Datastore } from "../../../src/core/ports/hypervisor.ts";
import { describeStep } from "../../../src/core/steps/catalog.ts";
import type { StepOf } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { datastoreLike, ESX, NAA, OTHER_NAA, smallWorld, VMFS, vmLike } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

const stepOf = (files?: string[]): StepOf<"register"> => ({
  id: "s1",
  after: [],
  kind: "register",
  volume: { id: asVolumeId("vol-1"), naa: NAA, name: plainName("clone") },
  folder: asMoRef("folder-1"),
  pool: asMoRef("pool-1"),
  ...(files && { files }),
});

const pathOf = (name: string): string => `[Gold] ${name}/${name}.vmx`;
const busy = new PrepError("REMOTE_FAULT", "Busy.", { hint: "Wait.", retryable: true });

interface Shown {
  readonly datastores?: readonly (readonly Datastore[])[];
  readonly files?: readonly string[];
  readonly unreadable?: readonly string[];
  /** Paths that VMs are registered from. */
  readonly registered?: readonly string[];
  /** Why a path is not registered, try for try; "lost": it is said to be, and is not. */
  readonly refusals?: Readonly<Record<string, readonly (Error | "lost")[]>>;
}

function vcenter({
  datastores = [[datastoreLike()]],
  files = ["a", "b", "c"].map(pathOf),
  unreadable = [],
  registered = [],
  refusals = {},
}: Shown = {}) {
  const asked: string[][] = [];
  const vms = registered.map((path, at) => vmLike(`${at}`, { path }));
  let looks = 0;
  const small = smallWorld({
    hypervisor: {
      inventory: async () => {
        looks += 1;
        return {
          hosts: [],
          datastores: datastores[Math.min(looks, datastores.length) - 1] ?? [],
          unreadable: [],
        };
      },
      vmxFiles: async () => ({ files: files.map((path) => ({ path, template: false })), unreadable: [...unreadable] }),
      vmsOn: async (ids) => (ids.includes(asMoRef("datastore-1")) ? [...vms] : []),
      register: async (wanted, where, progress) => {
        expect(where).toEqual({ host: ESX, folder: "folder-1", pool: "pool-1" });
        asked.push(wanted.map(({ path }) => path));
        const tries = asked.length - 1;
        return wanted.map(({ path }, at): BatchOutcome => {
          progress?.(at + 1, wanted.length);
          const why = refusals[path]?.[tries];
          if (why === undefined) vms.push(vmLike(path, { path }));
          return why === undefined || why === "lost" ? { id: path } : { id: path, error: why };
        });
      },
    },
  });
  const carryOut = async (step = stepOf()) => (await actOf(step, small.world))(small.world);
  return { ...small, asked, carryOut };
}

test("says how many are registered, up to twenty of them by their files", () => {
  const many = Array.from({ length: 22 }, (_, at) => `${at}.vmx`);
  expect(describeStep(stepOf())).toBe(
    `Register every VMX found on clone (${NAA}) that is not registered (known after the mount)`,
  );
  expect(describeStep(stepOf(["a/a.vmx"]))).toBe("Register 1 VM: a/a.vmx");
  expect(describeStep(stepOf(many))).toMatch(/^Register 22 VMs: 0\.vmx, .*, 19\.vmx and 2 more$/);
  expect(describeStep(stepOf(many.slice(0, 20)))).toMatch(/19\.vmx$/);
});

describe("registers", () => {
  it.each<[string, Shown, string[] | undefined, string[]]>([
    ["every VMX that no VM is registered from", { registered: [pathOf("b")] }, undefined, ["a", "c"]],
    [
      "none that is registered by the volume's signature",
      { registered: [`[] /vmfs/volumes/${VMFS}/b/b.vmx`] },
      undefined,
      ["a", "c"],
    ],
    ["only what is planned", {}, ["c/c.vmx", "d/d.vmx"], ["c"]],
    ["only what is on the datastore itself", { files: [pathOf("a"), "[Silver] x/x.vmx"] }, undefined, ["a"]],
  ])("%s", async (_what, shown, files, names) => {
    const { carryOut, asked, progress } = vcenter(shown);
    expect(await carryOut(stepOf(files))).toEqual({
      detail: `${names.length} registered`,
      outputs: { leftovers: [] },
    });
    expect(asked).toEqual([names.map(pathOf)]);
    expect(progress.at(-1)).toBe(`${names.length} of ${names.length} registered`);
  });

  test("again only what was refused for the moment", async () => {
    const { carryOut, asked } = vcenter({ refusals: { [pathOf("b")]: [busy] } });
    expect((await carryOut()).detail).toBe("3 registered");
    expect(asked).toEqual([["a", "b", "c"].map(pathOf), [pathOf("b")]]);
  });

  test("nothing where nothing is missing", async () => {
    const { world } = vcenter({ registered: ["a", "b", "c"].map(pathOf) });
    expect(await doneOf(stepOf(), world)).toEqual({ detail: "nothing is missing" });
  });

  test("what can be read, and names the folders that cannot, also where nothing else is missing", async () => {
    const { carryOut } = vcenter({ unreadable: ["[Gold] locked"] });
    expect(await carryOut()).toEqual({
      detail: "3 registered, 1 folders could not be read",
      outputs: { leftovers: ["could not be read: [Gold] locked"] },
    });
    const { world } = vcenter({ files: [], unreadable: ["[Gold] locked"] });
    await actOf(stepOf(), world);
  });

  test("once vCenter lists the datastore, and it can be used", async () => {
    const { carryOut, waits } = vcenter({
      datastores: [[], [datastoreLike({ accessible: false })], [datastoreLike()]],
    });
    await carryOut();
    expect(waits).toHaveLength(2);
  });
});

describe("stops", () => {
  it.each<[string, readonly Datastore[]]>([
    ["no datastore is listed", []],
    ["the datastore cannot be used", [datastoreLike({ accessible: false })]],
    ["the volume's is another Datacenter's", [datastoreLike({ datacenterId: asMoRef("dc-2") })]],
    ["there is that of another disk", [datastoreLike({ extents: [OTHER_NAA] })]],
  ])("where %s", async (_what, datastores) => {
    const { carryOut } = vcenter({ datastores: [datastores] });
    expect((await refusal(carryOut(), "DATASTORE_NOT_FOUND")).found).toEqual({ naa: NAA });
  });

  test("where one is refused, and names it", async () => {
    const error = new PrepError("REMOTE_FAULT", "Invalid.", { hint: "Mend it." });
    const { carryOut } = vcenter({ refusals: { [pathOf("b")]: [error] } });
    const refused = await refusal(carryOut(), "REMOTE_FAULT");
    expect(refused.message).toBe(`Registering failed for 1 of 3: ${pathOf("b")}: Invalid.`);
  });

  test("where some are not in the inventory, whatever the answer was, and names twenty", async () => {
    const files = Array.from({ length: 25 }, (_, at) => pathOf(`v${at}`));
    const { carryOut, waits } = vcenter({
      files,
      refusals: Object.fromEntries(files.slice(1, 23).map((path) => [path, ["lost"]])),
    });
    const error = await refusal(carryOut(), "REMOTE_FAULT");
    expect(error.message).toBe("After the registering 22 of them are not in the inventory.");
    expect(error.found).toEqual({ missing: files.slice(1, 21) });
    expect(waits.length).toBeGreaterThan(1);
  });
});
