/** Numbers from outside that a double does not hold: told as they can be, and never a reason to refuse a site. */
import { beforeAll, describe, expect, test } from "vitest";
import { MODES } from "../../src/core/domain/modes.ts";
import { lunsText } from "../../src/text/index.ts";
import { change } from "../support/change.ts";
import { type Bench, withEngine } from "../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

/** What an array may say of a volume without a bound: far beyond 2^53, from where on not every whole number is one of a double. */
const BOUNDLESS = 2 ** 64;

describe("volumes of 2^64 bytes", () => {
  test.each(MODES)("are prepared like any other: %s", async (mode) => {
    await bench.reset(mode === "unregister" ? "gold-assigned" : "clone-assigned");
    change(bench.lab.world, function grow({ model }) {
      for (const volume of model.volumes) volume.sizeBytes = BOUNDLESS;
    });
    const run = await bench.prep(mode, { forcePowerOff: true, newSnapshot: "by-hand", crashConsistent: true });
    expect({ state: run.state, error: run.error }).toEqual({ state: "succeeded", error: undefined });
    const listed = await bench.app.engine.listLuns(bench.actor);
    expect(listed.luns[0]?.sizeBytes).toBe(BOUNDLESS);
    expect(lunsText(listed)).toContain("17179869184 GiB");
  });
});
