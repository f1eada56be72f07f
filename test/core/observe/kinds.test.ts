import { describe, expect, it } from "vitest";
import { asVolumeId, naaOf } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import { withKinds } from "../../../src/core/observe/kinds.ts";
import type { Volume } from "../../../src/core/ports/array.ts";

const volume = (name: string, more: { parent?: string; declaredKind?: "gold" | "clone" } = {}): Volume => {
  const { parent, ...rest } = more;
  return {
    id: asVolumeId(name),
    name: plainName(name),
    naa: naaOf(name),
    sizeBytes: 1,
    createdAt: "2026-11-28T00:00:00.000Z",
    ...rest,
    ...(parent === undefined ? {} : { parent: { volumeId: asVolumeId(parent) } }),
  };
};
const kinds = (volumes: Volume[], golds = ["gold"]): Record<string, string> =>
  Object.fromEntries(withKinds(volumes, golds).map(({ name, kind }) => [name, kind]));

const OURS = "gold_ESX165_20261128_193000_a1b2c3";

describe("what a volume is to us", () => {
  it("is what the array declares, where it does", () => {
    const declared = [volume("a", { declaredKind: "gold" }), volume("gold", { declaredKind: "clone" })];
    expect(kinds(declared)).toEqual({ a: "gold", gold: "clone" });
  });

  it("is gold where the configuration names it, whatever it was made from; a clone by descent and name together", () => {
    const tree = [
      volume("origin"),
      volume("gold", { parent: "origin" }),
      volume(OURS, { parent: "gold" }),
      volume("by_hand", { parent: "gold" }),
      volume("deep_20261128_193000_zzzzzz", { parent: "by_hand" }),
      volume("stray_20261128_193000_zzzzzz", { parent: "origin" }),
      volume("alone_20261128_193000_zzzzzz"),
    ];
    expect(kinds(tree)).toEqual({
      origin: "other",
      gold: "gold",
      [OURS]: "clone",
      by_hand: "other",
      deep_20261128_193000_zzzzzz: "clone",
      stray_20261128_193000_zzzzzz: "other",
      alone_20261128_193000_zzzzzz: "other",
    });
  });

  it("ends in a circle of parents", () => {
    const a = "a_20261128_193000_zzzzzz";
    expect(kinds([volume(a, { parent: "b" }), volume("b", { parent: a })])).toEqual({ [a]: "other", b: "other" });
  });
});
