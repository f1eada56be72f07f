import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitted } from "../../../src/cli/terminal/fit.ts";
import { planText } from "../../../src/text/index.ts";
import { rollbackPlan, samplePlan, shownPlan } from "../../support/views.ts";

const screen = (columns: number, isTTY = true) => Object.assign(new PassThrough(), { isTTY, columns });
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");

describe("a plan on a terminal", () => {
  it.each([40, 100])("fits %i columns, all but the command, which stays one line", (columns) => {
    const plan = shownPlan(samplePlan());
    const text = fitted(planText(plan), screen(columns), { NO_COLOR: "1" });
    const long = text.split("\n").filter((line) => line.length > columns && line.includes(" ".repeat(1)));
    // A name that is longer than the terminal is wide cannot be broken.
    expect(long.filter((line) => line.trim().split(" ").length > 2)).toEqual([`    ${plan.command}`]);
    expect(text.replaceAll(/\s+/g, " ")).toBe(planText(plan).replaceAll(/\s+/g, " "));
  });

  it("has what is lost in red, and nothing else", () => {
    const text = fitted(planText(shownPlan(rollbackPlan())), screen(100), {});
    expect(text).toContain("\x1b[31m- Snapshots LOST");
    expect(text).not.toContain("\x1b[31m- Unmounted");
    expect(text.replaceAll(ESCAPES, "")).toBe(
      fitted(planText(shownPlan(rollbackPlan())), screen(100), { NO_COLOR: "1" }),
    );
  });

  it("goes through a pipe as it is", () => {
    const text = planText(shownPlan(rollbackPlan()));
    expect(fitted(text, screen(40, false), {})).toBe(text);
  });

  it.each([20, 40, 100])("has every command in backticks in one piece, at %i columns", (columns) => {
    const command = "`atvm_prep run resume run_34sedk63f0txy3mx --config /etc/atvm/config.yaml`";
    const text = `What you can do: ${command} plans what is left. Did you mean ${command}? (See ${command}.)`;
    const lines = fitted(text, screen(columns), {}).split("\n");
    expect(lines.filter((line) => line.includes(command))).toHaveLength(3);
    for (const line of lines) expect(line.replace(command, "`").length).toBeLessThanOrEqual(columns);
  });

  it("loses no word at any width", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,30}$/)), fc.integer({ min: 1, max: 120 }), (words, columns) => {
        const line = `- ${words.join(" ")}`;
        expect(fitted(line, screen(columns), {}).split(/\s+/).join(" ").trim()).toBe(line.trim());
      }),
    );
  });
});
