/** What pages are made of, on an engine that counts what it is asked. */
import { describe, expect, it, onTestFinished } from "vitest";
import { auditOf, overviewOf, usualTimesIn } from "../../../src/http/console/reads.ts";
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

describe("a time in the audit's form", () => {
  it.each([
    ["2026-11-28", "2026-11-28T00:00:00.000Z"],
    ["2026-11-28T09:00", "2026-11-28T09:00:00.000Z"],
    ["2026-11-28 09:00:30", "2026-11-28T09:00:30.000Z"],
    ["2026-11-28T09:00+05:30", "2026-11-28T03:30:00.000Z"],
    ["2026-11-28T09:00:00.000Z", "2026-11-28T09:00:00.000Z"],
  ])("%s is in UTC where it names no zone, wherever the server is", async (since, instant) => {
    const { TZ } = process.env;
    onTestFinished(() => {
      if (TZ === undefined) delete process.env["TZ"];
      else process.env["TZ"] = TZ;
    });
    process.env["TZ"] = "Asia/Tokyo";
    const engine = fakeEngine();
    await auditOf(engine, { since });
    expect(engine.calls.find(({ name }) => name === "readAudit")?.args).toMatchObject({ since: instant });
  });

  it.each(["yesterday", "5", "2026-02-31", "28 Nov 2026"])("%s is none", async (until) => {
    const engine = fakeEngine();
    expect((await auditOf(engine, { until })).notice).toContain(`${until} is no time`);
    expect(engine.calls.map(({ name }) => name)).not.toContain("readAudit");
  });
});
