import { expect, test } from "vitest";
import { forEachMode, MODES, traitsOf } from "../../../src/core/domain/modes.ts";

test("no two modes share a word of the command line", () => {
  const words = MODES.flatMap((mode) => Object.values(traitsOf(mode).flag));
  expect(new Set(words).size).toBe(words.length);
});

test("a mode that takes data from gold wants a person and the LUN's name, whatever the site's default is", () => {
  expect(MODES.filter((mode) => traitsOf(mode).typedName)).toEqual(["rollback"]);
  expect(MODES.filter((mode) => traitsOf(mode).approval === "human")).toEqual(["rollback"]);
});

test("a mode that presents or changes gold, or takes a snapshot of it, has the family to itself", () => {
  for (const mode of MODES) {
    const { familyLock, leaves, takesSnapshot } = traitsOf(mode);
    expect(familyLock === "exclusive", mode).toBe(leaves === "gold" || takesSnapshot);
  }
});

test("a record by mode has a member for each", () => {
  expect(Object.keys(forEachMode((mode) => mode))).toEqual([...MODES]);
});
