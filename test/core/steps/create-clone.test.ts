import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asSnapshotId, asVolumeId } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Volume } from "../../../src/core/ports/array.ts";
import { cloneName, cloneNameFor } from "../../../src/core/steps/create-clone.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { CLIENT, refusal, withEngine } from "../../support/engine.ts";
import { NAA, OTHER_NAA, smallWorld, volumeLike } from "../../support/small-world.ts";
import { actOf, carryThrough, codeOf, doneOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("empty"));

async function cloneStep() {
  const { volume, snapshots } = await steps.gold();
  const [snapshot, older] = snapshots;
  if (snapshot === undefined || older === undefined) throw new Error("gold has fewer than two snapshots");
  return {
    step: {
      id: "s1",
      after: [],
      kind: "create_clone",
      gold: volume,
      snapshot,
      name: { stem: `${volume.name}-${CLIENT}`, joint: "-" },
    } as const,
    older,
  };
}

it("makes a clone that carries the run's name; the same run finds it again", async () => {
  const { step } = await cloneStep();
  const { first, again } = await carryThrough(step, await steps.world());
  expect(first.outputs?.volume?.name).toBe(`${step.gold.name}-${CLIENT}-20261121-030405-abcdef`);
  expect(again.outputs?.volume).toEqual(first.outputs?.volume);
  expect((await bench.control.calls()).dgs["CloneSnapshot"]).toBe(1);
});

it("takes no volume of that name for its own that was made from another snapshot", async () => {
  const { step, older } = await cloneStep();
  const world = await steps.world();
  await (await actOf({ ...step, snapshot: older }, world))(world);
  expect(await codeOf(actOf(step, await steps.world()))).toBe("OUTCOME_UNKNOWN");
});

it("chooses between no two volumes of that name, and says which they are", async () => {
  const { step } = await cloneStep();
  await carryThrough(step, await steps.world());
  const world = await steps.world();
  const volumes: typeof world.array.volumes = async (filter) => {
    const found = await world.array.volumes(filter);
    return [...found, ...found.map((volume) => ({ ...volume, id: asVolumeId(`${volume.id}-twin`) }))];
  };
  const error = await refusal(actOf(step, { ...world, array: { ...world.array, volumes } }), "OUTCOME_UNKNOWN");
  const made = { volumeId: step.gold.id, snapshotId: step.snapshot.id };
  expect(error.found).toMatchObject({ volumes: [{ ...made }, { id: expect.stringMatching(/-twin$/), ...made }] });
});

it("takes nothing for its clone that the array declares to be gold, or of which it tells neither kind nor descent", async () => {
  const { step } = await cloneStep();
  await carryThrough(step, await steps.world());
  const world = await steps.world();
  const saying = (changes: (volume: Volume) => Volume) => {
    const volumes: typeof world.array.volumes = async (filter) => (await world.array.volumes(filter)).map(changes);
    return codeOf(doneOf(step, { ...world, array: { ...world.array, volumes } }));
  };
  expect(await saying((volume) => ({ ...volume, declaredKind: "gold" }))).toBe("OUTCOME_UNKNOWN");
  expect(await saying(({ parent: _, declaredKind: __, ...volume }) => volume)).toBe("OUTCOME_UNKNOWN");
  expect(await saying(({ parent: _, ...volume }) => ({ ...volume, declaredKind: "clone" }))).not.toBe(
    "OUTCOME_UNKNOWN",
  );
  expect(await saying((volume) => ({ ...volume, parent: { volumeId: step.gold.id } }))).not.toBe("OUTCOME_UNKNOWN");
  expect(await saying((volume) => ({ ...volume, parent: { volumeId: volume.id } }))).toBe("OUTCOME_UNKNOWN");
});

describe("what the array says it has made", () => {
  const gold = volumeLike("gold");
  const snapshot = { id: asSnapshotId("snap-1"), name: plainName("nightly") };
  const step: Step = { id: "s1", after: [], kind: "create_clone", gold, snapshot, name: { stem: "gold", joint: "-" } };
  const clone = volumeLike("clone", { parent: { volumeId: gold.id, snapshotId: snapshot.id } });
  const other = volumeLike("other", { naa: OTHER_NAA });

  /** The array's volumes once it has answered, look for look; undefined: it does not answer. */
  function array(...shown: readonly (readonly Volume[] | undefined)[]) {
    let looks = 0;
    const small = smallWorld({
      array: {
        createClone: async () => ({ volumeId: clone.id }),
        volumes: async (filter) => {
          if (filter !== undefined) return [];
          looks += 1;
          const at = shown[Math.min(looks, shown.length) - 1];
          if (at === undefined) throw new PrepError("UNREACHABLE", "Away.", { hint: "Wait." });
          return [...at];
        },
      },
    });
    return { ...small, carryOut: async () => (await actOf(step, small.world))(small.world) };
  }

  it("is taken for the clone once the array shows it", async () => {
    const { carryOut, waits } = array([other], undefined, [other, clone]);
    expect(await carryOut()).toEqual({
      detail: `made clone (clone, ${NAA})`,
      outputs: { volume: { id: "clone", naa: NAA, name: "clone" } },
    });
    expect(waits).toHaveLength(2);
  });

  it("may be of no snapshot that the array tells of", async () => {
    const { carryOut } = array([{ ...clone, parent: { volumeId: gold.id } }]);
    expect((await carryOut()).outputs?.volume?.id).toBe("clone");
  });

  it.each<[string, readonly Volume[]]>([
    ["it does not show it", [other]],
    ["it is of other descent", [{ ...clone, parent: { volumeId: other.id, snapshotId: snapshot.id } }]],
    ["it is of another snapshot", [{ ...clone, parent: { volumeId: gold.id, snapshotId: asSnapshotId("snap-2") } }]],
    ["it is gold", [{ ...clone, declaredKind: "gold" }]],
  ])("is not taken for it where %s", async (_what, volumes) => {
    const error = await refusal(array(volumes).carryOut(), "REMOTE_GARBAGE");
    expect(error.found).toEqual({ volumeId: "clone" });
  });

  it("is unknown where the array cannot be asked, and can be found again", async () => {
    const error = await refusal(array(undefined).carryOut(), "OUTCOME_UNKNOWN");
    expect(error.found).toEqual({ volumeId: "clone", name: "gold-20261121-030405-abcdef" });
    expect(error.message).toContain("could not be read back: Away.");
  });

  it("is refused where a host would take it for another volume, also when it is found again", async () => {
    const twin = { ...other, naa: clone.naa };
    await refusal(array([twin, clone]).carryOut(), "SAME_NAA");
    const { world } = array([twin, clone]);
    const volumes: typeof world.array.volumes = async (filter) => (filter === undefined ? [twin, clone] : [clone]);
    await refusal(doneOf(step, { ...world, array: { ...world.array, volumes } }), "SAME_NAA");
  });

  it("is chosen from no two", async () => {
    const { world } = array();
    const volumes = async () => [clone, other];
    const error = await refusal(doneOf(step, { ...world, array: { ...world.array, volumes } }), "OUTCOME_UNKNOWN");
    expect(error.found).toEqual({
      volumes: [{ id: "clone", volumeId: "gold", snapshotId: "snap-1" }, { id: "other" }],
    });
  });
});

describe("the clone's name", () => {
  const RULES = {
    dgs: { max: 256, allowed: "[^\\u0000-\\u001f]", first: "[^\\u0000-\\u001f]", unique: false },
    ontap: { max: 203, allowed: "[A-Za-z0-9_]", first: "[A-Za-z_]", unique: true },
    pure: { max: 63, allowed: "[A-Za-z0-9_-]", first: "[A-Za-z0-9]", unique: true },
    letters: { max: 63, allowed: "[A-Za-z0-9]", first: "[A-Za-z]", unique: true },
  };
  const ORIGIN = { runId: "run_0123456789abcdef", createdAt: "2026-11-21T03:04:05.000Z" };

  it.each(Object.entries(RULES))("keeps the rule of %s, whatever gold and client are called", (_array, cloneNames) => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ minLength: 1 }), (gold, client) => {
        const name = cloneName({ name: cloneNameFor(gold, client, { cloneNames }) }, ORIGIN);
        expect([...name].length).toBeLessThanOrEqual(cloneNames.max);
        expect(name).toMatch(new RegExp(`^${cloneNames.first}${cloneNames.allowed}*$`, "u"));
        expect(name).toMatch(/[-_]?20261121[-_]?030405[-_]?abcdef$/);
      }),
    );
  });

  it("is the domain's where everything is allowed, and shortens gold's part, never time and run", () => {
    const of = (gold: string, rule: keyof typeof RULES, client = "CDS1-ESX165"): string =>
      cloneName({ name: cloneNameFor(gold, client, { cloneNames: RULES[rule] }) }, ORIGIN);
    expect(of("Gold-2", "dgs")).toBe("Gold-2-CDS1-ESX165-20261121-030405-abcdef");
    expect(of("Gold-2", "ontap")).toBe("Gold_2_CDS1_ESX165_20261121_030405_abcdef");
    expect(of("AutomatedTest-VMBootImgComputeMigration-Gold", "pure")).toBe(
      "AutomatedTest-VMBootImgComp-CDS1-ESX165-20261121-030405-abcdef",
    );
    // The client's part takes no more than half of the room.
    expect(of("Gold".repeat(9), "pure", "client".repeat(9))).toBe(
      "GoldGoldGoldGoldGol-clientclientclientc-20261121-030405-abcdef",
    );
    expect(of("Gold-2", "letters")).toBe("Gold2CDS1ESX16520261121030405abcdef");
    expect(of("-Gold", "pure")).toBe("x-Gold-CDS1-ESX165-20261121-030405-abcdef");
  });
});
