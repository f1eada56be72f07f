/** Only the planned disk's volume is unmounted: gold and its clones have one signature, by which the host is asked. */
import { expect, it, test } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { VmfsMount } from "../../../src/core/ports/hypervisor.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { ESX, mountLike, NAA, OTHER_NAA, OTHER_VMFS, smallWorld, VMFS } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

const datastore = { id: asMoRef("datastore-1"), name: plainName("Gold") };
const step: Step = { id: "s1", after: [], kind: "unmount", vmfsUuid: VMFS, naa: NAA, datastore };

const unmounted = mountLike({ mounted: false });
const other = mountLike({ vmfsUuid: OTHER_VMFS, extents: [OTHER_NAA] });
const twin = mountLike({ extents: [OTHER_NAA] });

function host(...mounts: readonly VmfsMount[]) {
  const asked: unknown[] = [];
  const { world } = smallWorld({
    hypervisor: {
      hostDevices: async () => ({ disks: [], mounts }),
      unmount: async (...what) => void asked.push(what),
    },
  });
  return { world, asked };
}

it.each<[string, VmfsMount[]]>([
  ["alone", [mountLike()]],
  ["beside others", [other, mountLike()]],
  ["beside an unmounted one of its signature", [{ ...twin, mounted: false }, mountLike()]],
  ["though it cannot be used", [mountLike({ accessible: false })]],
])("unmounts it %s", async (_what, mounts) => {
  const { world, asked } = host(...mounts);
  expect(await (await actOf(step, world))(world)).toEqual({ detail: "unmounted" });
  expect(asked).toEqual([[ESX, VMFS]]);
});

it.each<[string, VmfsMount[]]>([
  ["the host has no such volume", [other]],
  ["it is unmounted", [unmounted]],
])("has nothing to do where %s", async (_what, mounts) => {
  expect(await doneOf(step, host(...mounts).world)).toEqual({ detail: "not mounted" });
});

test("unmounts nothing where that signature is mounted from another disk", async () => {
  const error = await refusal(actOf(step, host(unmounted, twin).world), "STALE_PLAN");
  expect(error.found).toEqual({ planned: NAA, now: [OTHER_NAA] });
});
