/** What steps have in common: looking again, asking again, and telling what went wrong with several things at once. */
import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Vm } from "../../../src/core/ports/hypervisor.ts";
import {
  currentVms,
  eachWhileBusy,
  judgeBatch,
  namesById,
  nameVms,
  verify,
  waitFor,
  whileBusy,
} from "../../../src/core/steps/shared.ts";
import { refusal } from "../../support/engine.ts";
import { smallWorld, vmLike, vmPark } from "../../support/small-world.ts";

const busy = (message = "Somebody is at it."): PrepError =>
  new PrepError("REMOTE_FAULT", message, { hint: "Wait.", retryable: true });
const fault = new PrepError("REMOTE_FAULT", "It is broken.", { hint: "Mend it." });

describe("waiting for something", () => {
  test("looks at once, then ever less often, and once more when the time is over", async () => {
    const { world, waits } = smallWorld();
    let looks = 0;
    expect(
      await waitFor(world.clock, 20_000, async () => {
        looks += 1;
        return undefined;
      }),
    ).toBeUndefined();
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(looks).toBe(waits.length + 1);
  });

  test("ends with what it finds", async () => {
    const { world, waits } = smallWorld();
    expect(await waitFor(world.clock, 20_000, async () => (waits.length < 2 ? undefined : "found"))).toBe("found");
    expect(waits).toEqual([100, 200]);
  });

  test("looks once where there is no time", async () => {
    const { world, waits } = smallWorld();
    expect(await waitFor(world.clock, 0, async () => undefined)).toBeUndefined();
    expect(waits).toEqual([]);
  });
});

describe("verifying", () => {
  test.each([
    "UNREACHABLE",
    "TIMED_OUT",
    "RATE_LIMITED",
    "AUTHENTICATION_FAILED",
    "REMOTE_FAULT",
    "REMOTE_GARBAGE",
  ] as const)("%s tells nothing of the change: it is looked at again", async (code) => {
    const { world, waits } = smallWorld();
    const error = new PrepError(code, "No.", { hint: "-" });
    const failing = async (): Promise<undefined> => {
      throw error;
    };
    expect(await verify(world.clock, 1_000, failing)).toEqual({ kind: "unverified", error });
    const atLast = async (): Promise<true> => {
      if (waits.length < 7) throw error;
      return true;
    };
    expect(await verify(world.clock, 9_000, atLast)).toEqual({ kind: "seen", value: true });
  });

  test("looks once more where the one look there was time for failed, and only then", async () => {
    const { world } = smallWorld();
    const looks = (...answers: (true | undefined | PrepError)[]) => {
      let at = 0;
      return async (): Promise<true | undefined> => {
        const answer = at < answers.length ? answers[at] : expect.fail("is looked at once too often");
        at += 1;
        if (answer instanceof PrepError) throw answer;
        return answer;
      };
    };
    expect(await verify(world.clock, 0, looks(fault, true))).toEqual({ kind: "seen", value: true });
    expect(await verify(world.clock, 0, looks(fault, undefined))).toEqual({ kind: "unseen" });
    expect(await verify(world.clock, 0, looks(fault, fault))).toEqual({ kind: "unverified", error: fault });
    expect(await verify(world.clock, 0, looks(undefined))).toEqual({ kind: "unseen" });
    expect(await verify(world.clock, 1, looks(fault, fault))).toEqual({ kind: "unverified", error: fault });
  });

  test("says what it did not see only where it could look at last", async () => {
    const { world, waits } = smallWorld();
    const find = async (): Promise<undefined> => {
      if (waits.length === 0) throw fault;
      return undefined;
    };
    expect(await verify(world.clock, 1_000, find)).toEqual({ kind: "unseen" });
  });

  test.each([new PrepError("STALE_PLAN", "Moved.", { hint: "-" }), new TypeError("a defect")])(
    "ends with %s",
    async (thrown) => {
      const { world, waits } = smallWorld();
      await expect(verify(world.clock, 1_000, () => Promise.reject(thrown))).rejects.toBe(thrown);
      expect(waits).toEqual([]);
    },
  );
});

describe("asking again while something else is at it", () => {
  test("so often and no oftener, each time after a pause of which it tells", async () => {
    const { world, waits, progress } = smallWorld();
    let calls = 0;
    const asked = whileBusy(world, async () => {
      calls += 1;
      throw busy();
    });
    const error = await refusal(asked, "REMOTE_FAULT");
    expect(error).toMatchObject({ message: "Somebody is at it. It was refused 3 times.", hint: "Wait." });
    expect(calls).toBe(3);
    expect(waits).toEqual([7_000, 7_000]);
    expect(progress).toEqual([
      "Somebody is at it. Waiting; try 2 of 3 follows.",
      "Somebody is at it. Waiting; try 3 of 3 follows.",
    ]);
  });

  test.each([fault, new PrepError("UNREACHABLE", "Away.", { hint: "-", retryable: true }), new TypeError("a defect")])(
    "not where it is %s",
    async (thrown) => {
      const { world, waits } = smallWorld();
      await expect(whileBusy(world, () => Promise.reject(thrown))).rejects.toBe(thrown);
      expect(waits).toEqual([]);
    },
  );

  test("of several things only those that were refused for the moment", async () => {
    const { world, waits, progress } = smallWorld();
    const calls: string[][] = [];
    const outcomes = await eachWhileBusy(world, ["a", "b", "c", "d"], async (ids) => {
      calls.push([...ids]);
      return ids.map((id) => {
        if (id === "a") return { id };
        if (id === "b") return { id, error: fault };
        return calls.length === 1 || id === "d" ? { id, error: busy(`${id} is busy.`) } : { id };
      });
    });
    expect(calls).toEqual([["a", "b", "c", "d"], ["c", "d"], ["d"]]);
    expect(outcomes.map(({ id, error }) => [id, error?.message])).toEqual([
      ["a", undefined],
      ["b", "It is broken."],
      ["c", undefined],
      ["d", "d is busy."],
    ]);
    expect(waits).toEqual([7_000, 7_000]);
    expect(progress).toEqual([
      "2 refused: c is busy. Waiting; try 2 of 3 follows.",
      "1 refused: d is busy. Waiting; try 3 of 3 follows.",
    ]);
  });

  test("not of what nothing was answered about, which is left out", async () => {
    const { world, waits } = smallWorld();
    expect(await eachWhileBusy(world, ["a", "b"], async () => [{ id: "b" }])).toEqual([{ id: "b" }]);
    expect(waits).toEqual([]);
  });

  test("not at all where there is nothing", async () => {
    const { world, waits } = smallWorld();
    expect(await eachWhileBusy(world, [], async () => [])).toEqual([]);
    expect(waits).toEqual([]);
  });
});

describe("what went wrong with several VMs", () => {
  const names = namesById(
    ["web", "db", "x"].map((name) => ({ id: asMoRef(`vm-${name}`), name: plainName(name), path: "" })),
  );
  const failed = (id: string, error: Error) => ({ id: asMoRef(id), error });

  test("is nothing where nothing failed", () => {
    expect(() => judgeBatch([{ id: asMoRef("vm-web") }], names, "Powering off")).not.toThrow();
  });

  test("has the first one's code and hint, and names all, three of them in its words", () => {
    const outcomes = [
      { id: asMoRef("vm-web") },
      failed("vm-db", new PrepError("TOOLS_MISSING", "No tools.", { hint: "Install them." })),
      failed("vm-x", new TypeError("a defect")),
      failed("vm-nameless", fault),
      failed("vm-fourth", fault),
    ];
    const judge = (advice?: string): unknown => {
      try {
        judgeBatch(outcomes, names, "Guest shutdown", advice);
      } catch (thrown) {
        return thrown instanceof PrepError ? thrown : undefined;
      }
      return undefined;
    };
    expect(judge()).toMatchObject({
      code: "TOOLS_MISSING",
      message: "Guest shutdown failed for 4 of 5: db: No tools.; x: a defect; vm-nameless: It is broken.",
      hint: "Install them.",
      found: {
        failed: [
          { id: "vm-db", name: "db", error: "No tools." },
          { id: "vm-x", name: "x", error: "a defect" },
          { id: "vm-nameless", name: "vm-nameless", error: "It is broken." },
          { id: "vm-fourth", name: "vm-fourth", error: "It is broken." },
        ],
      },
    });
    expect(judge("Look there.")).toMatchObject({ hint: "Install them. Look there." });
  });

  test("is a fault where the first is none that is known, and lists twenty", () => {
    const many = Array.from({ length: 25 }, (_, at) => failed(`vm-${at}`, new TypeError("a defect")));
    try {
      judgeBatch(many, names, "Registering");
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: "REMOTE_FAULT", hint: /Check the tasks in vCenter/ });
      expect(thrown).toHaveProperty("found.failed.length", 20);
    }
  });

  test("VMs are named up to twenty of them", () => {
    const many = Array.from({ length: 22 }, (_, at) => ({ name: `vm-${at}` }));
    expect(nameVms(many)).toMatch(/^22 VMs: vm-0, .*vm-19 and 2 more$/);
    expect(nameVms(many.slice(0, 20))).toMatch(/vm-19$/);
    expect(nameVms(many.slice(0, 1))).toBe("1 VM: vm-0");
  });
});

describe("the planned VMs as they are now", () => {
  test("one that is elsewhere is not the planned one; of one whose path nobody tells, or told, that is not said", async () => {
    const vm = vmLike("web");
    const at = (path: string) => ({ ...vm, path });
    const now = (...vms: Vm[]) => smallWorld({ hypervisor: { vmStates: vmPark(...vms).vmStates } }).world;
    expect(await currentVms([vm, vmLike("gone")], now(vm))).toEqual([vm]);
    const unasked = smallWorld({ hypervisor: { vmStates: async () => [vmLike("other"), vm] } }).world;
    expect(await currentVms([vm], unasked)).toEqual([vm]);
    const error = await refusal(currentVms([vmLike("db"), at("[elsewhere] x/x.vmx")], now(vm)), "STALE_PLAN");
    expect(error.found).toEqual({ vm: vm.id, planned: "[elsewhere] x/x.vmx", now: vm.path });
    expect(await currentVms([at("")], now(vm))).toHaveLength(1);
    expect(await currentVms([vm], now(at("")))).toHaveLength(1);
  });
});
