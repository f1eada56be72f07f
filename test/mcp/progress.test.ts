import { afterEach, expect, it, vi } from "vitest";
import { fakeEngine, TOKENS } from "../support/fake-engine.ts";
import { initialize, rawServer, request } from "../support/raw-mcp.ts";
import { sampleRun } from "../support/views.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("beats every five seconds within a long step, each time with a greater value", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const release = Promise.withResolvers<void>();
  const engine = fakeEngine({
    confirm: async (_token, _actor, options) => {
      await options?.onUpdate?.(sampleRun(1));
      await release.promise;
      return sampleRun(3);
    },
  });
  const server = rawServer(() => Promise.resolve(engine));
  server.send(initialize());
  const _meta = { progressToken: "p" };
  server.send(request(1, "tools/call", { name: "confirm_plan", arguments: { planToken: TOKENS.plain }, _meta }));
  const progressed = (least: number) =>
    server.next(({ method, params }) => {
      const at = method === "notifications/progress" ? (params as { progress: number }).progress : -1;
      return at > least;
    });
  const values: number[] = [];
  for (let least = 0.5; values.length < 4; least = values.at(-1) ?? 0) {
    const { params } = await progressed(least);
    values.push((params as { progress: number }).progress);
    vi.advanceTimersByTime(5_000);
  }
  release.resolve();
  server.end();
  await server.ended;
  // One step has ended, and one is under way.
  expect(values[0]).toBe(1.1);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(Math.max(...values)).toBeLessThan(2);
});
