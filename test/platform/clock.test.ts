import { describe, expect, it } from "vitest";
import { systemClock, systemEntropy } from "../../src/platform/clock.ts";

describe("systemClock", () => {
  it("wakes a sleeper whose signal aborts, and does not let one start that is aborted already", async () => {
    const stop = new AbortController();
    const sleeping = systemClock.sleep(3_600_000, stop.signal);
    stop.abort();
    await sleeping;
    await systemClock.sleep(3_600_000, stop.signal);
  });

  it("wakes by itself", async () => {
    const before = systemClock.now().getTime();
    await systemClock.sleep(1);
    expect(systemClock.now().getTime()).toBeGreaterThanOrEqual(before);
  });
});

describe("systemEntropy", () => {
  it("gives as many bytes as asked, other ones each time", () => {
    expect(systemEntropy.bytes(32)).toHaveLength(32);
    expect(systemEntropy.bytes(32)).not.toEqual(systemEntropy.bytes(32));
  });
});
