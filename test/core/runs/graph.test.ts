import { describe, expect, it } from "vitest";
import { asMoRef, naaOf } from "../../../src/core/domain/ids.ts";
import { runGraph } from "../../../src/core/runs/graph.ts";
import { Handover } from "../../../src/core/runs/handover.ts";
import type { Step } from "../../../src/core/steps/types.ts";

const step = (id: string, ...after: string[]): Step => ({ id, kind: "detach", after, naa: naaOf("6".repeat(32)) });

/** Steps that end when they are told to, and what was started so far. */
function held() {
  const started: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gateOf = (id: string): PromiseWithResolvers<void> => {
    const gate = gates.get(id) ?? Promise.withResolvers<void>();
    gates.set(id, gate);
    return gate;
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    started,
    run: ({ id }: Step): Promise<void> => {
      started.push(id);
      return gateOf(id).promise;
    },
    end: async (id: string) => {
      gateOf(id).resolve();
      await settled();
    },
    fail: async (id: string) => {
      gateOf(id).reject(new Error(id));
      await settled();
    },
    settled,
  };
}

const go = async (): Promise<undefined> => undefined;

describe("a graph of steps", () => {
  it("starts what is ready, side by side, and each other step when all that it waits for have ended", async () => {
    const steps = held();
    const over = runGraph([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")], {
      run: steps.run,
      mustStop: go,
    });
    await steps.settled();
    expect(steps.started).toEqual(["a"]);
    await steps.end("a");
    expect(steps.started).toEqual(["a", "b", "c"]);
    await steps.end("c");
    expect(steps.started).toEqual(["a", "b", "c"]);
    await steps.end("b");
    await steps.end("d");
    expect(await over).toStrictEqual({ failures: [] });
  });

  it("is finished where it was to stop after the last step had begun", async () => {
    const steps = held();
    let stop: string | undefined;
    const over = runGraph([step("a"), step("b", "a")], { run: steps.run, mustStop: async () => stop });
    await steps.end("a");
    expect(steps.started).toEqual(["a", "b"]);
    stop = "cancelled";
    await steps.end("b");
    expect(await over).toStrictEqual({ failures: [] });
  });

  it("takes a step that is not in the plan for finished: an earlier run ended it", async () => {
    const steps = held();
    const over = runGraph([step("c", "a", "b")], { run: steps.run, mustStop: go });
    await steps.end("c");
    expect((await over).failures).toEqual([]);
  });

  it("lets running steps end after a failure, starts no other, and gives each failure", async () => {
    const steps = held();
    const abandoned: string[][] = [];
    const over = runGraph([step("a"), step("b"), step("c", "a"), step("d", "b")], {
      run: steps.run,
      mustStop: go,
      abandon: (rest) => abandoned.push(rest.map(({ id }) => id)),
    });
    await steps.settled();
    await steps.fail("a");
    expect(abandoned).toEqual([["c", "d"]]);
    await steps.fail("b");
    expect(abandoned).toEqual([["c", "d"]]);
    expect((await over).failures).toMatchObject([
      { step: { id: "a" }, thrown: new Error("a") },
      { step: { id: "b" }, thrown: new Error("b") },
    ]);
    expect(steps.started).toEqual(["a", "b"]);
  });

  it("starts no other step once it must stop, and waits for the running ones", async () => {
    const steps = held();
    let stop: string | undefined;
    const over = runGraph([step("a"), step("b"), step("c", "a")], { run: steps.run, mustStop: async () => stop });
    await steps.settled();
    stop = "cancelled";
    await steps.end("a");
    expect(steps.started).toEqual(["a", "b"]);
    await steps.end("b");
    expect(await over).toEqual({ stop: "cancelled", failures: [] });
  });

  it("does not call a run finished whose steps wait for each other", async () => {
    const steps = held();
    await expect(runGraph([step("a", "b"), step("b", "a")], { run: steps.run, mustStop: go })).rejects.toThrow(
      "wait for",
    );
  });
});

describe("VMs handed on between steps", () => {
  const [one, two] = [asMoRef("vm-1"), asMoRef("vm-2")];

  it("come as they are stopped, also those stopped before anyone asked, and end with the step", async () => {
    const handover = new Handover(["s1"]);
    handover.offer("s1", one);
    const taken = handover.taken("s1");
    expect((await taken.next()).value).toEqual([one]);
    const next = taken.next();
    handover.offer("s1", two);
    expect((await next).value).toEqual([two]);
    const last = taken.next();
    handover.end("s1");
    expect((await last).done).toBe(true);
  });

  it("do not keep anyone waiting for a step that has ended before", async () => {
    const handover = new Handover(["s1"]);
    handover.end("s1");
    expect((await handover.taken("s1").next()).done).toBe(true);
  });

  it("do not keep anyone waiting for a step of an earlier run", async () => {
    expect((await new Handover(["s2"]).taken("s1").next()).done).toBe(true);
  });
});
