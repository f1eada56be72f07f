import fc from "fast-check";
import { expect, it } from "vitest";
import { cloneName, cloneNameFor } from "../../../src/core/steps/create-clone.ts";

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
