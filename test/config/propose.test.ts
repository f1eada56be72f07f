import { expect, it } from "vitest";
import { proposeShorthand } from "../../src/config/propose.ts";

it("takes off what all names begin with, and a closing Gold", () => {
  expect(
    proposeShorthand([
      "AutomatedTest-VMBootImg-Gold",
      "AutomatedTest-VMBootImg-Gold-2",
      "AutomatedTest-VMBootImgComputeMigration-Gold",
    ]),
  ).toEqual({
    Gold: "AutomatedTest-VMBootImg-Gold",
    "Gold-2": "AutomatedTest-VMBootImg-Gold-2",
    ComputeMigration: "AutomatedTest-VMBootImgComputeMigration-Gold",
  });
});

it("keeps whole names where the short ones would be one shorthand, and where there is one LUN", () => {
  expect(proposeShorthand(["X-a_b", "X-a-b", "X-c"])).toEqual({ "X-a_b": "X-a_b", "X-a-b": "X-a-b", c: "X-c" });
  expect(proposeShorthand(["Only-Gold"])).toEqual({ Only: "Only-Gold" });
  expect(proposeShorthand([])).toEqual({});
});
