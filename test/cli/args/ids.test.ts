import { describe, expect, it } from "vitest";
import { idOf } from "../../../src/cli/args/ids.ts";

const IDS = ["run_abc1", "run_abd2", "run_xyz3"];

describe("an id as it is typed", () => {
  it.each([
    ["run_xyz3", "run_xyz3"],
    ["xyz3", "run_xyz3"],
    ["x", "run_xyz3"],
    ["run_abc", "run_abc1"],
    ["nothing", "nothing"],
  ])("%s means %s", (typed, id) => {
    expect(idOf("run", typed, IDS)).toBe(id);
  });

  it("that several begin with is refused with those", () => {
    expect(() => idOf("run", "ab", IDS)).toThrow(/2 runs begin like that/);
  });
});
