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

  test("warns of another Datacenter's mount, and does not rest on it", () => {
    const alone = drafted(mode, seen([CLONE]));
    const beside = drafted(mode, seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE), far] } }));
    expect(beside.warnings.join()).toMatch(/another Datacenter/);
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
});
