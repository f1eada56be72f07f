/** What pages are made of, on an engine that counts what it is asked. */
import { describe, expect, it } from "vitest";
import { overviewOf, usualTimesIn } from "../../../src/http/console/reads.ts";
import { fakeEngine } from "../../support/fake-engine.ts";
import { sampleRun } from "../../support/views.ts";

const NOW = "2026-11-22T06:31:00.000Z";

describe("what runs now", () => {
  it("is asked for by state, and what it usually takes once a run, however often it is looked at", async () => {
    const running = sampleRun(1);
    const asked: unknown[] = [];
    const engine = fakeEngine({
      listRuns: async (filter) => {
        asked.push(filter);
        return [running];
      },
    });
    const usualTimes = usualTimesIn(engine);
    for (const _ of [1, 2, 3]) {
      const { running: shown } = await overviewOf(engine, NOW, usualTimes);
      expect(shown.map(({ run }) => run)).toEqual([running]);
    }
    const live = { states: ["queued", "running"], limit: 50 };
    expect(asked).toEqual([
      live,
      { lun: running.target.lun.name, client: running.target.client.name, limit: 20 },
      live,
      live,
    ]);
  });

  it("leaves out what turns out to have ended", async () => {
    const engine = fakeEngine({ listRuns: async () => [sampleRun(1, { state: "interrupted" })] });
    expect((await overviewOf(engine, NOW, usualTimesIn(engine))).running).toEqual([]);
  });
});
