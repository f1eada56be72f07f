import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { asVolumeId } from "../../../src/core/domain/ids.ts";
import type { Volume } from "../../../src/core/ports/array.ts";
import { cloneName, cloneNameFor } from "../../../src/core/steps/create-clone.ts";
import { CLIENT, refusal, withEngine } from "../../support/engine.ts";
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

describe("the clone's name", () => {
  const RULES = {
    dgs: { max: 256, allowed: "[^\\u0000-\\u001f]", first: "[^\\u0000-\\u001f]", unique: false },
    ontap: { max: 203, allowed: "[A-Za-z0-9_]", first: "[A-Za-z_]", unique: true },
    pure: { max: 63, allowed: "[A-Za-z0-9_-]", first: "[A-Za-z0-9]", unique: true },
  };
  const ORIGIN = { runId: "run_0123456789abcdef", createdAt: "2026-11-21T03:04:05.000Z" };

  it.each(Object.entries(RULES))("keeps the rule of %s, whatever gold and client are called", (_array, cloneNames) => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ minLength: 1 }), (gold, client) => {
        const name = cloneName({ name: cloneNameFor(gold, client, { cloneNames }) }, ORIGIN);
        expect([...name].length).toBeLessThanOrEqual(cloneNames.max);
        expect(name).toMatch(new RegExp(`^${cloneNames.first}${cloneNames.allowed}*$`, "u"));
        expect(name).toMatch(/[-_]20261121[-_]030405[-_]abcdef$/);
      }),
    );
  });

  it("is the domain's where everything is allowed, and shortens gold's part, never time and run", () => {
    const of = (gold: string, rule: keyof typeof RULES): string =>
      cloneName({ name: cloneNameFor(gold, "CDS1-ESX165", { cloneNames: RULES[rule] }) }, ORIGIN);
    expect(of("Gold-2", "dgs")).toBe("Gold-2-CDS1-ESX165-20261121-030405-abcdef");
    expect(of("Gold-2", "ontap")).toBe("Gold_2_CDS1_ESX165_20261121_030405_abcdef");
    expect(of("AutomatedTest-VMBootImgComputeMigration-Gold", "pure")).toBe(
      "AutomatedTest-VMBootImgComp-CDS1-ESX165-20261121-030405-abcdef",
    );
  });
});
