import { describe, expect, test } from "vitest";
import { asMoRef, asVmfsUuid } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import {
  CLONE,
  cloneOf,
  datastoreOf,
  drafted,
  GOLD,
  HOST,
  mountOf,
  refusedWith,
  SIGNATURE,
  seen,
} from "../../support/observations.ts";

const MOUNTING: readonly Mode[] = ["automated_testing", "maintenance", "rollback"];
const stray = cloneOf("a stray");
/** Another gold volume, a clone of it, and one whose gold is not listed any more. */
const other = { ...cloneOf("another gold"), kind: "gold", declaredKind: "gold" } as const;
const copy = { ...cloneOf("its clone"), parent: { volumeId: other.id } };
const orphan = { ...other, kind: "clone", declaredKind: "clone" } as const;
const mounts = [{ hostId: asMoRef("host-2"), mounted: true, accessible: true }];
const near = datastoreOf(stray, { mounts });
const far = { ...near, datacenterId: asMoRef("datacenter-2") };
const copyOn = (naa: typeof CLONE.naa) => ({
  vmfsUuid: SIGNATURE,
  label: safeText("gold-ds"),
  extents: [{ naa, devicePath: `/vmfs/devices/disks/${naa}:1`, isHead: true }],
  resolvable: true,
  multipleCopies: false,
  incompleteExtents: false,
});

describe.each(MOUNTING)("%s", (mode) => {
  test("is refused where another host of the Datacenter has the signature mounted, a dead mount too", () => {
    expect(refusedWith(mode, seen([], { inventory: { datastores: [near] } }))).toBe("SIGNATURE_MOUNTED");
    const dead = { ...near, mounts: mounts.map((mount) => ({ ...mount, accessible: false })) };
    expect(refusedWith(mode, seen([], { inventory: { datastores: [dead] } }))).toBe("SIGNATURE_MOUNTED");
    const label = { signatures: new Set<never>(), labelSignatures: new Set([SIGNATURE]) };
    expect(refusedWith(mode, seen([], { inventory: { datastores: [near] }, ...label }))).toBe("SIGNATURE_MOUNTED");
  });

  test("is refused where the host has it mounted from a disk that is not this plan's to remove", () => {
    expect(refusedWith(mode, seen([], { storage: { mounts: [mountOf(stray)] } }))).toBe("SIGNATURE_MOUNTED");
  });

  test("is refused while another unresolved copy with it waits", () => {
    expect(refusedWith(mode, seen([], { storage: { unresolved: [copyOn(stray.naa)] } }))).toBe("COPY_AMBIGUOUS");
  });

  test("is not refused for what the plan itself takes off the host", () => {
    expect(refusedWith(mode, seen([CLONE], { storage: { unresolved: [copyOn(CLONE.naa)] } }))).toBe("planned");
  });

  test("is refused where the host has the family's disk, or its label's signature, mounted as one of several disks", () => {
    const idle = cloneOf("idle");
    const spanned = mountOf(stray, { vmfsUuid: asVmfsUuid("6f1a2b3c-1-1-1"), extents: [stray.naa, idle.naa] });
    expect(refusedWith(mode, seen([], { storage: { mounts: [spanned] } }, [idle]))).toBe("SIGNATURE_MOUNTED");
    const label = { signatures: new Set<never>(), labelSignatures: new Set([SIGNATURE]) };
    expect(refusedWith(mode, seen([], { storage: { mounts: [mountOf(stray)] }, ...label }))).toBe("SIGNATURE_MOUNTED");
    const half = mountOf(CLONE, { extents: [CLONE.naa, stray.naa] });
    expect(refusedWith(mode, seen([CLONE], { storage: { mounts: [half] } }))).toBe("SIGNATURE_MOUNTED");
  });

  test.each([
    ["a disk that the array does not list", GOLD.name, [stray.naa], [], "COPY_AMBIGUOUS"],
    [
      "a disk that the array does not list, under vCenter's name for a second one",
      `${GOLD.name} (1)`,
      [stray.naa],
      [],
      "COPY_AMBIGUOUS",
    ],
    ["another label", "gold-ds", [stray.naa], [], "planned"],
    ["a disk of another gold's family", GOLD.name, [other.naa], [other], "planned"],
    [
      "a disk of a volume that is nobody's gold",
      GOLD.name,
      [other.naa],
      [{ ...other, kind: "other" as const }],
      "COPY_AMBIGUOUS",
    ],
    ["a disk of a volume whose gold is gone", GOLD.name, [other.naa], [orphan], "COPY_AMBIGUOUS"],
    ["a clone of another gold", GOLD.name, [copy.naa], [other, copy], "planned"],
    ["disks of which one is another gold's", GOLD.name, [other.naa, stray.naa], [other], "COPY_AMBIGUOUS"],
    ["a disk of the family that stays", GOLD.name, [stray.naa], [stray], "COPY_AMBIGUOUS"],
  ])(
    "while nothing tells the signature, of an unresolved copy that carries the LUN's label on %s",
    (_what, name, naas, more, code) => {
      const label = safeText(name);
      const extents = naas.flatMap((naa) => copyOn(naa).extents);
      const changes = {
        signatures: new Set<never>(),
        storage: { unresolved: [{ ...copyOn(stray.naa), vmfsUuid: asVmfsUuid("7f1a2b3c-1-1-1"), label, extents }] },
        array: { volumes: [GOLD, ...more] },
      };
      expect(refusedWith(mode, seen([], changes))).toBe(code);
      // Once it is known, the label says nothing.
      expect(refusedWith(mode, seen([], { ...changes, signatures: new Set([SIGNATURE]) }))).toBe("planned");
    },
  );

  test("warns of another Datacenter's mount, and does not rest on it", () => {
    const alone = drafted(mode, seen([CLONE]));
    const beside = drafted(mode, seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE), far] } }));
    expect(beside.warnings.join()).toMatch(/is mounted on host-2 in another Datacenter/);
    expect(beside.fingerprint).toBe(alone.fingerprint);
  });
});

test("a family that was resignatured leaves it open which signature will be seen", () => {
  const resignatured = seen([], {
    signatures: new Set([SIGNATURE, asVmfsUuid("5f1a2b3c-00000001-0002-000000000004")]),
  });
  const mount = drafted("maintenance", resignatured).steps.at(-1);
  expect(mount).toMatchObject({ kind: "mount", volume: { id: GOLD.id } });
  expect(mount).not.toHaveProperty("vmfsUuid");
  expect(drafted("maintenance", seen([], { host: HOST })).steps.at(-1)).toHaveProperty("vmfsUuid", SIGNATURE);
  expect(drafted("maintenance", seen([], { signatures: new Set() })).steps.at(-1)).not.toHaveProperty("vmfsUuid");
});
