/** The read side on arrays whose records make no sense. */
import { beforeAll, expect, test } from "vitest";
import { presentPlan, wordingFor } from "../../../src/text/index.ts";
import { snapshotsText } from "../../../src/text/inventory.ts";
import { change } from "../../support/change.ts";
import { assignedTo, type Bench, GOLD, withEngine } from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

test.each(["its own parent", "its own grandparent"])("a clone that is %s is shown, and ends nothing", async (what) => {
  await bench.reset("clone-assigned");
  const [clone] = assignedTo(await bench.control.state());
  change(bench.lab.world, function bendAncestry({ model }) {
    const volume = model.volumes.find(({ id }) => id === clone?.id);
    if (volume === undefined) return;
    const between = { ...volume, id: "vol-between", guid: "6".repeat(32), parentVolumeId: volume.id };
    if (what === "its own grandparent") model.volumes.push(between);
    volume.parentVolumeId = what === "its own grandparent" ? between.id : volume.id;
  });
  const { assigned } = await bench.app.engine.inspect({}, bench.actor);
  expect(assigned).toMatchObject([{ volume: { id: clone?.id } }]);
});

test("what is on the datastore and no VM's is named", async () => {
  await bench.reset("clone-assigned");
  const { assigned } = await bench.app.engine.inspect({}, bench.actor);
  expect(assigned.map(({ vms }) => vms.unregistered)).toEqual([["spare-01"]]);
});

test("what else the client holds is shown to whoever asks for a LUN that it has nothing of, and that it has nothing of it", async () => {
  await bench.reset("clone-assigned");
  const { assigned, notes } = await bench.app.engine.inspect({ lun: "Gold2" }, bench.actor);
  expect(assigned.map(({ lun }) => lun)).toEqual([GOLD]);
  expect(notes).toEqual([expect.stringMatching(/^Nothing of \S*Gold[-_]2 is assigned to CDS1-ESX165\.$/)]);
  expect((await bench.app.engine.inspect({ lun: "Gold" }, bench.actor)).notes).toEqual([]);
});

test("a datastore that an earlier failure left is named with its LUN and the way out, though nothing is assigned", async () => {
  await bench.reset("stale-inventory");
  const { assigned, notes } = await bench.app.engine.inspect({}, bench.actor);
  expect(assigned).toEqual([]);
  expect(notes).toEqual([
    expect.stringMatching(
      new RegExp(`is left over from ${GOLD},.* with 5 registered VMs.* Releasing ${GOLD} on CDS1-ESX165 cleans it up`),
    ),
  ]);
  const plan = await bench.plan("release");
  expect(plan.impact.vmsToUnregister).toHaveLength(5);
});

test("a clone that was taken away from a host that does not know of it yet is left over too, with its running VMs", async () => {
  await bench.reset("clone-assigned");
  await bench.control.touch("unassign");
  const { assigned, notes } = await bench.app.engine.inspect({}, bench.actor);
  expect(assigned).toEqual([]);
  const left = "with 5 registered VMs, 2 of them running: its volume is no longer assigned here";
  expect(notes).toEqual([expect.stringContaining(left)]);
  const { targets } = await bench.app.engine.listTargets(bench.actor);
  expect(targets.map((target) => target.notes)).toEqual([
    [expect.stringContaining("its volume is no longer assigned here")],
    [],
  ]);
  expect((await bench.plan("release")).impact.vmsToUnregister).toHaveLength(5);
});

test("what another host of the Datacenter holds is left over on none", async () => {
  await bench.reset("one-datacenter");
  const seen = await bench.app.engine.listTargets(bench.actor);
  expect(seen.targets.map(({ notes }) => notes)).toEqual(seen.targets.map(() => []));
  for (const { client } of seen.targets)
    expect((await bench.app.engine.inspect({ client }, bench.actor)).notes).toEqual([]);
});

test("the list of targets names it too, and says so where vCenter is not there to be asked", async () => {
  await bench.reset("stale-inventory");
  const notes = async () => (await bench.app.engine.listTargets(bench.actor)).targets.map((target) => target.notes);
  expect(await notes()).toEqual([
    [expect.stringMatching(new RegExp(`is left over from ${GOLD}: .* Releasing ${GOLD} cleans it up`))],
    [],
  ]);
  await bench.control.faults({ api: "vim", op: "*", times: 1_000, action: "fault:SystemError" });
  const unseen = ["vCenter does not answer: what an earlier failure left on the hosts is not shown."];
  expect(await notes()).toEqual([unseen, unseen]);
  await bench.control.clearFaults();
  await bench.reset("clone-assigned");
  expect(await notes()).toEqual([[], []]);
});

test("the latest snapshot is marked where it can be meant by that word, and not where it has a twin", async () => {
  await bench.reset("clone-assigned");
  const marked = async () =>
    (await bench.app.engine.listSnapshots("Gold", bench.actor)).snapshots.map((one) => one.latest);
  expect(await marked()).toEqual([true, false, false, false, false]);
  await bench.reset("twin-snapshots");
  expect(await marked()).not.toContain(true);
  const listed = snapshotsText(await bench.app.engine.listSnapshots("Gold", bench.actor));
  expect(listed).not.toContain(": the latest");
  expect(listed).toContain("Name a snapshot by its id.");
});

test("a plan says what else the client holds, which other plans are open for it, and which volume it works on", async () => {
  await bench.reset("clone-assigned");
  const first = await bench.plan("unregister");
  expect(first).toMatchObject({ worksOn: { kind: "clone" }, unnamed: ["client", "host"] });
  expect(first.otherPlans).toBeUndefined();
  expect(presentPlan(first, wordingFor("terminal")).notes).toEqual(["Client and host are the configured default."]);
  const other = await bench.plan("maintenance", { lun: "Gold2", client: "165" });
  expect(other.otherPlans).toEqual([first.planId]);
  const [clone] = assignedTo(await bench.control.state());
  expect(other.leftovers).toEqual([`${clone?.name} (${clone?.id}), of ${GOLD}, stays assigned to CDS1-ESX165.`]);
  expect(presentPlan(other, wordingFor("terminal")).notes).toEqual([
    "The host is the client's pair.",
    `Also open for this client: ${first.planId}.`,
  ]);
});
