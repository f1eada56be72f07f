/** Several disks with one VMFS signature on the host: the volume's own is mounted, or none is. */
import { beforeEach, describe, expect, it } from "vitest";
import { asClientId, type Naa } from "../../../src/core/domain/ids.ts";
import type { KnownVolume } from "../../../src/core/steps/types.ts";
import { CLIENT, hostOf, refusal, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, stepBench } from "../../support/step-world.ts";

const bench = await withEngine({}, { limits: { deviceWait: "300ms" } });
const steps = await stepBench(bench);

let own: KnownVolume;
let foreign: Naa;

/** A stray copy of the LUN comes to the host, and after it a clone of ours. */
beforeEach(async () => {
  await bench.reset("empty");
  await bench.control.touch("stray-copy");
  const world = await steps.world();
  const { volume: gold, snapshots } = await steps.gold();
  const [snapshot] = snapshots;
  const client = (await bench.control.state()).clients.find((one) => one.name === CLIENT);
  if (snapshot === undefined || client === undefined) throw new Error("the lab has a snapshot and the client");
  const { volumeId } = await world.array.createClone(
    { volumeId: gold.id, snapshotId: snapshot.id, name: `${gold.name}-own` },
    "several-1",
  );
  await world.array.assign({ volumeId, clientId: asClientId(client.id) }, "several-2");
  await world.hypervisor.rescan(world.host);
  const made = await world.array.volume(volumeId);
  if (made === undefined) throw new Error("the clone is there");
  own = { id: made.id, naa: made.naa, name: made.name };
  const [copies] = await world.hypervisor.unresolvedCopies(world.host);
  const [first, second] = copies?.extents ?? [];
  expect(copies?.multipleCopies).toBe(true);
  expect([first?.isHead, second?.isHead, second?.naa]).toEqual([true, true, own.naa]);
  if (first === undefined) throw new Error("the stray copy is listed first");
  foreign = first.naa;
});

const step = () => ({ id: "s1", after: [], kind: "mount_copy", volume: own }) as const;

describe("mount_copy, with a stray copy listed before its own", () => {
  it("mounts its own", async () => {
    await carryThrough(step(), await steps.world());
    expect(hostOf(await bench.control.state()).mounts).toMatchObject([{ naa: own.naa, forceMounted: true }]);
  });

  it("is refused where the host can resolve none of them, and names the other disks", async () => {
    await bench.control.touch("copies-unresolvable");
    const world = await steps.world();
    const error = await refusal((await actOf(step(), world))(world), "REMOTE_FAULT");
    expect(error.message).toMatch(new RegExp(`several copies.*Other disks with its signature: ${foreign}`));
    expect(error.hint).toMatch(/Unassign the other disks/);
    expect(hostOf(await bench.control.state()).mounts).toEqual([]);
  });

  it("mounts none where its own is not among them", async () => {
    const world = await steps.world();
    const [assigned] = await world.array.assignments({ volumeId: own.id });
    if (assigned === undefined) throw new Error("the clone is assigned");
    await world.array.unassign(assigned.id, "several-3");
    await world.hypervisor.rescan(world.host);
    const error = await refusal((await actOf(step(), world))(world), "COPY_NOT_FOUND");
    expect(error.message).toContain(own.naa);
    expect(error.hint).toContain("raise limits.deviceWait");
    expect(hostOf(await bench.control.state()).mounts).toEqual([]);
  });

  it("says what is mounted where another one came up, and undoes nothing unasked", async () => {
    const world = await steps.world();
    const { hypervisor } = world;
    const [copies] = await hypervisor.unresolvedCopies(world.host);
    const path = copies?.extents.find(({ naa }) => naa === foreign)?.devicePath ?? "";
    const astray = { ...hypervisor, forceMount: () => hypervisor.forceMount(world.host, path) };
    const error = await refusal((await actOf(step(), world))({ ...world, hypervisor: astray }), "TIMED_OUT");
    expect(error.message).toMatch(new RegExp(`${own.naa} did not come up.*Mounted on the host now: .*${foreign}`));
    expect(error.hint).toMatch(/foreign disk.*raise limits\.deviceWait/);
    expect(hostOf(await bench.control.state()).mounts).toMatchObject([{ naa: foreign, forceMounted: true }]);
  });
});
