/** What a run leaves, as it is looked up after its last step; and what comes next, for every mode. */
import { describe, expect, test } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { MODES, type Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import type { Report } from "../../../src/core/records.ts";
import { nextActions, reportOf, SCRIPT_BEGUN } from "../../../src/core/runs/report.ts";
import type { KnownVolume, Outputs, Step } from "../../../src/core/steps/types.ts";
import {
  assignmentOf,
  CLIENT_ID,
  CLONE,
  cloneOf,
  datastoreOf,
  GOLD,
  NEWEST,
  OLDEST,
  OTHER_CLIENT_ID,
  seen,
  vmOn,
} from "../../support/observations.ts";
import { type Planned, type RunBench, type RunParts, runBench } from "../../support/run-bench.ts";

const known = ({ id, naa, name }: typeof CLONE): KnownVolume => ({ id, naa, name });
const CLIENT = { id: CLIENT_ID, name: safeText("CDS1-ESX165") };
const OTHER = cloneOf("another-clone");

const assign = (volume: KnownVolume | { from: string }): Step => ({
  id: "s1",
  kind: "assign",
  after: [],
  volume,
  client: CLIENT,
});
const unassignOther: Step = {
  id: "s9",
  kind: "unassign",
  after: [],
  assignmentId: assignmentOf(OTHER).id,
  volume: known(OTHER),
  client: CLIENT,
};
const detach: Step = { id: "s8", kind: "detach", after: [], naa: CLONE.naa };
const mount = (volume: KnownVolume): Step => ({ id: "s2", kind: "mount", after: [], volume });

interface Case extends Omit<Planned, "run"> {
  readonly steps?: readonly Step[];
  readonly outputs?: Readonly<Record<string, Outputs>>;
  readonly world?: RunBench["world"];
  readonly parts?: RunParts;
}

/** What a run of a plan with these steps leaves in this world. */
async function left({ steps = [detach], outputs = {}, world = seen([CLONE]), parts, ...more }: Case): Promise<Report> {
  const bench = await runBench(parts);
  const { plan } = await bench.planOf(await bench.queued(steps, more));
  bench.world = world;
  const { deps } = bench;
  const listed = { clock: deps.clock, listedMs: 1_000 };
  return reportOf(plan, new Map(Object.entries(outputs)), deps.systems().write(), listed);
}

const changed = (mode: Mode): Pick<Planned, "plan"> => ({ plan: { mode } });

describe("the volume that the client ends up with", () => {
  test.each<[string, Step]>([
    ["assigned", assign(known(CLONE))],
    ["mounted", mount(known(CLONE))],
    ["mounted as a copy", { id: "s2", kind: "mount_copy", after: [], volume: known(CLONE) }],
    [
      "registered from",
      { id: "s2", kind: "register", after: [], volume: known(CLONE), folder: asMoRef("f"), pool: asMoRef("p") },
    ],
  ])("is the one that the plan's last such step has %s", async (_how, step) => {
    const before = step.kind === "mount" ? assign(known(OTHER)) : mount(known(OTHER));
    const world = seen([OTHER, CLONE]);
    const { volume, naa } = await left({ steps: [before, step, unassignOther, detach], world });
    expect(volume).toEqual(known(CLONE));
    expect(naa).toBe(CLONE.naa);
  });

  test("is what an earlier step made, where that is named by the step", async () => {
    const outputs = { s0: { volume: known(OTHER) } };
    expect((await left({ steps: [assign({ from: "s0" })], outputs, world: seen([OTHER]) })).volume).toEqual(
      known(OTHER),
    );
    // One that left no record of it: what the client has is looked up.
    expect((await left({ steps: [assign({ from: "s0" })] })).volume).toEqual(known(CLONE));
  });

  test("is the new clone, or gold, where no step that is left names it", async () => {
    const outputs: Record<string, Outputs> = {
      s0: { assignmentId: assignmentOf(OTHER).id },
      s1: { volume: known(OTHER) },
    };
    expect((await left({ ...changed("automated_testing"), outputs })).volume).toEqual(known(OTHER));
    expect((await left({ ...changed("maintenance"), outputs })).volume).toEqual(known(GOLD));
    expect((await left({ ...changed("automated_testing") })).volume).toEqual(known(CLONE));
  });

  test("is what of the family is assigned to the client, for modes that leave it as it is", async () => {
    expect((await left(changed("unregister"))).volume).toEqual(known(CLONE));
    const elsewhere = seen([], { array: { assignments: [assignmentOf(CLONE, OTHER_CLIENT_ID)] } }, [CLONE]);
    for (const mode of ["unregister", "release"] as const) {
      expect(await left({ ...changed(mode), world: elsewhere })).toEqual({ vms: [], leftovers: [] });
    }
    // Gold itself was deleted meanwhile.
    const gone = seen([CLONE], { array: { volumes: [CLONE] } });
    expect(await left({ ...changed("unregister"), world: gone })).toEqual({ vms: [], leftovers: [] });
  });
});

describe("its datastore and VMs", () => {
  const STORE = datastoreOf(CLONE);
  const here = vmOn(CLONE, "here");
  const elsewhere = vmOn(CLONE, "guest", { path: "[other-ds] guest/guest.vmx" });
  const world = seen([CLONE], { vms: [here, elsewhere] });
  const expected = { name: "here", path: here.path, moref: here.id, registered: true };

  test("are those on the volume's disk: what lives there, and what should have been registered", async () => {
    const vmsToRegister = ["here", "missing"].map((name) => ({
      name: safeText(name),
      path: `[${STORE.pathName}] ${name}/${name}.vmx`,
    }));
    const bench = await runBench();
    const { impact } = (await bench.planOf(await bench.queued([detach]))).plan.draft;
    const draft = { impact: { ...impact, vmsToRegister } };
    const report = await left({ ...changed("register"), draft, world });
    expect(report.datastore).toEqual({ name: STORE.name, id: STORE.id, vmfsUuid: STORE.vmfsUuid });
    expect(report.vms).toEqual([expected, { ...vmsToRegister[1], registered: false }]);
    const unlisted = await left({
      ...changed("register"),
      draft,
      // Where the step that mounted it had seen it, too.
      outputs: { s1: { datastore: { id: STORE.id, name: STORE.name, vmfsUuid: STORE.vmfsUuid } } },
      world: seen([CLONE], { vms: [here], inventory: { datastores: [] } }),
    });
    expect(unlisted.datastore).toBeUndefined();
    expect(unlisted).toMatchObject({ volume: known(CLONE), vms: [] });
  });

  test.each([
    ["the mounted one", STORE.id, [[STORE.id]]],
    ["another one", asMoRef("datastore-other"), [["datastore-other"], [STORE.id]]],
    ["none", undefined, [[STORE.id]]],
  ])("are read once, beside the inventory where the mounting step knew it already: %s", async (_which, id, asked) => {
    const reads: (readonly string[])[] = [];
    const vmsOn = async (ids: readonly string[]) => {
      reads.push(ids);
      return ids.includes(STORE.id) ? [here] : [];
    };
    const unknown: Outputs = {};
    const outputs: Record<string, Outputs> =
      id === undefined
        ? { s2: unknown }
        : {
            s1: { datastore: { id: asMoRef("datastore-early"), name: STORE.name, vmfsUuid: STORE.vmfsUuid } },
            s2: { datastore: { id, name: STORE.name, vmfsUuid: STORE.vmfsUuid } },
            s3: unknown,
          };
    const report = await left({ steps: [mount(known(CLONE))], outputs, world, parts: { hypervisor: { vmsOn } } });
    expect(report.vms).toEqual([expected]);
    expect(reads).toEqual(asked);
  });

  test.each(["mount", "mount_copy"] as const)("are waited for where the run has mounted it: %s", async (kind) => {
    let looks = 0;
    const inventory = async () => {
      looks += 1;
      return looks === 2 ? { ...world.inventory, datastores: [] } : world.inventory;
    };
    const parts = { hypervisor: { inventory } };
    const step: Step = { id: "s2", kind, after: [], volume: known(CLONE) };
    // The first look is the plan's.
    expect((await left({ steps: [step, detach], world, parts })).datastore?.id).toBe(STORE.id);
    expect(looks).toBe(3);
    looks = 0;
    expect((await left({ steps: [assign(known(CLONE))], world, parts })).datastore).toBeUndefined();
    expect(looks).toBe(2);
  });
});

describe("what else it says", () => {
  test("is what the plan leaves and what its steps left; and what was kept as asked, not what was deleted", async () => {
    const draft = { leftovers: ["A datastore."] };
    const outputs: Record<string, Outputs> = { s1: { leftovers: ["A device."] }, s2: {} };
    const bench = await runBench();
    const { plan } = await bench.planOf(await bench.queued([detach]));
    const { impact } = plan.draft;
    const both = [CLONE, OTHER].map(known);
    const asked = { ...draft, impact: { ...impact, volumesToUnassign: both, clonesToDelete: [known(OTHER)] } };
    const keeping = { plan: { request: { ...plan.request, keepClone: true } } };
    const kept = `Kept as asked: ${CLONE.name} (${CLONE.id}).`;
    expect((await left({ draft: asked, ...keeping, outputs })).leftovers).toEqual(["A datastore.", "A device.", kept]);
    expect((await left({ draft: asked, outputs })).leftovers).toEqual(["A datastore.", "A device."]);
  });

  test("is the newest snapshot, where the run took one and nothing else may be meant by it", async () => {
    const latest = { name: NEWEST.name, id: NEWEST.id, createdAt: NEWEST.createdAt };
    const taken = (snapshots: RunBench["world"]["snapshots"]) =>
      left({ ...changed("snapshot"), world: seen([CLONE], { snapshots }) }).then((report) => report.latest);
    expect(await taken([OLDEST, NEWEST])).toEqual(latest);
    expect(await taken([])).toBeUndefined();
    expect(await taken([NEWEST, { ...OLDEST, createdAt: NEWEST.createdAt }])).toBeUndefined();
    expect(await taken([NEWEST, { ...OLDEST, name: NEWEST.name }])).toBeUndefined();
    expect(await left(changed("unregister"))).not.toHaveProperty("latest");
  });
});

describe("of the site's own script", () => {
  const script = { ended: "It ended with code 0.", answered: [], output: ["done"], log: [] };
  const STORE = datastoreOf(CLONE);
  const datastore = { id: STORE.id, name: STORE.name, vmfsUuid: STORE.vmfsUuid };
  const world = seen([CLONE], { vms: [vmOn(CLONE, "here")] });
  const draft = { leftovers: ["A datastore."] };

  test("it is what the script said, and what vCenter shows of what it left", async () => {
    const report = await left({ outputs: { s0: {}, s1: { script, datastore } }, world, draft });
    expect(report).toEqual({
      naa: CLONE.naa,
      datastore: { name: STORE.name, id: STORE.id, vmfsUuid: STORE.vmfsUuid },
      vms: [{ name: "here", path: "[gold-ds] here/here.vmx", moref: "vm-here", registered: true }],
      leftovers: ["A datastore."],
      script,
    });
  });

  test("it is what the script said alone, where it left no datastore or vCenter lists none", async () => {
    const bare = { vms: [], leftovers: ["A datastore."], script };
    expect(await left({ outputs: { s1: { script } }, world, draft })).toStrictEqual(bare);
    const gone = { ...datastore, id: asMoRef("datastore-gone") };
    expect(await left({ outputs: { s1: { script, datastore: gone } }, world, draft })).toStrictEqual(bare);
    const extentless = seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { extents: [] })] } });
    const report = await left({ outputs: { s1: { script, datastore } }, world: extentless, draft });
    expect(report).toStrictEqual({ ...bare, datastore });
  });
});

describe("what comes next", () => {
  const register = { kind: "register", lun: GOLD.name, client: "CDS1-ESX165" };
  const note = expect.objectContaining({ kind: "note" });
  const expected: Record<Mode, readonly unknown[]> = {
    automated_testing: [note, register],
    maintenance: [note, register],
    register: [],
    unregister: [note, register],
    rollback: [note, register],
    release: [note, { kind: "prepare" }],
    snapshot: [{ kind: "prepare" }],
  };

  test.each(MODES)("after a run of %s that succeeded", async (mode) => {
    const bench = await runBench();
    const row = await bench.queued([detach], changed(mode));
    const { plan } = await bench.planOf(row);
    expect(nextActions(row, plan, "succeeded", undefined)).toEqual(expected[mode]);
  });

  test("after VMs were registered, among other things, is to power them on", async () => {
    const bench = await runBench();
    const registers: Step = {
      id: "s2",
      kind: "register",
      after: [],
      volume: known(CLONE),
      folder: asMoRef("f"),
      pool: asMoRef("p"),
    };
    const row = await bench.queued([detach, registers], changed("automated_testing"));
    const { plan } = await bench.planOf(row);
    expect(nextActions(row, plan, "succeeded", undefined)).toEqual([
      { kind: "note", text: expect.stringMatching(/^Power the VMs on/) },
    ]);
  });

  test("after a script that nobody saw the end of is to look, and never to resume", async () => {
    const bench = await runBench();
    const goal = { mode: "release", lun: GOLD.name, signatures: [] } as const;
    const script: Step = {
      id: "s1",
      kind: "script",
      after: [],
      words: ["x"],
      withPassword: false,
      where: "here",
      goal,
    };
    const row = await bench.queued([script, detach]);
    const { plan } = await bench.planOf(row);
    expect(nextActions(row, plan, "needs_operator", undefined)).toEqual([{ kind: "note", text: SCRIPT_BEGUN }]);
    expect(nextActions(row, undefined, "needs_operator", undefined)).toContainEqual({ kind: "resume", runId: row.id });
  });
});
