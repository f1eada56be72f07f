/** Which VMs are taken out of the inventory, when, and what is said of those that stay in it. */
import { describe, expect, it, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef, type MoRef } from "../../../src/core/domain/ids.ts";
import type { BatchOutcome } from "../../../src/core/ports/hypervisor.ts";
import type { StepOf } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { smallWorld, vmLike, vmPark } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

const broken = new PrepError("REMOTE_FAULT", "Broken.", { hint: "Mend it." });

interface Shown {
  /** What an unregistering comes to: an error, or "nothing" where it is said to be done and is not. */
  readonly answers?: Readonly<Record<string, Error | "nothing">>;
  /** The VMs that the step beside it stops, one after the other; undefined: there is none. */
  readonly stops?: readonly (readonly string[])[] | undefined;
  /** VMs that are off by the end, without that step having said so. */
  readonly offUnsaid?: readonly string[];
}

function vcenter({ answers = {}, stops, offUnsaid = [] }: Shown = {}) {
  const park = vmPark(vmLike("a"), vmLike("off", { powerState: "poweredOff" }), vmLike("b"));
  const asked: MoRef[][] = [];
  const small = smallWorld({
    hypervisor: {
      vmStates: park.vmStates,
      unregister: async (ids, progress) => {
        asked.push([...ids]);
        return ids.map((id, at): BatchOutcome => {
          const answer = answers[id];
          if (answer === undefined) park.all.delete(id);
          progress?.(at + 1, ids.length);
          return answer instanceof Error ? { id, error: answer } : { id };
        });
      },
    },
    stoppedBy: async function* (stepId) {
      expect(stepId).toBe("s0");
      for (const ids of stops ?? expect.fail("nothing is stopped beside it")) {
        for (const id of ids) park.switchOff(asMoRef(id));
        yield ids.map(asMoRef);
      }
      for (const id of offUnsaid) park.switchOff(asMoRef(id));
    },
  });
  const step: StepOf<"unregister"> = {
    id: "s1",
    after: [],
    kind: "unregister",
    vms: park.refs,
    dead: false,
    ...(stops && { asStoppedBy: "s0" }),
  };
  const carryOut = async () => (await actOf(step, small.world))(small.world);
  return { ...small, asked, step, carryOut };
}

describe("by itself", () => {
  test("unregisters all at once, says how far it is, and has nothing to do where none is left", async () => {
    const { carryOut, asked, progress, world, step } = vcenter();
    expect(await carryOut()).toEqual({ detail: "3 unregistered" });
    expect(asked).toEqual([["vm-a", "vm-off", "vm-b"]]);
    expect(progress).toEqual(["1 of 3 unregistered", "2 of 3 unregistered", "3 of 3 unregistered"]);
    expect(await doneOf(step, world)).toEqual({ detail: "none of them is registered" });
  });
});

describe("beside the step that powers them off", () => {
  it.each([
    ["one after the other", [["vm-a"], ["vm-b"]], [["vm-off"], ["vm-a"], ["vm-b"]]],
    ["together", [["vm-b", "vm-a"]], [["vm-off"], ["vm-b", "vm-a"]]],
    [
      "among others, and those that are done already",
      [
        ["vm-x", "vm-a", "vm-off"],
        ["vm-a", "vm-b"],
      ],
      [["vm-off"], ["vm-a"], ["vm-b"]],
    ],
  ])("unregisters each once, as soon as it is off: %s", async (_how, stops, calls) => {
    const { carryOut, asked, progress } = vcenter({ stops });
    expect(await carryOut()).toEqual({ detail: "3 unregistered" });
    expect(asked).toEqual(calls);
    expect(progress).toEqual(["1 of 3 unregistered", "2 of 3 unregistered", "3 of 3 unregistered"]);
  });

  test("unregisters also what is off at the end without that having been said", async () => {
    const { carryOut, asked, progress } = vcenter({ stops: [["vm-a"]], offUnsaid: ["vm-b"] });
    await carryOut();
    expect(asked).toEqual([["vm-off"], ["vm-a"], ["vm-b"]]);
    expect(progress.at(-1)).toBe("3 of 3 unregistered");
  });

  test("asks once for each, also where one could not be unregistered", async () => {
    const { carryOut, asked } = vcenter({ stops: [["vm-a"]], offUnsaid: ["vm-b"], answers: { "vm-off": broken } });
    expect((await refusal(carryOut(), "REMOTE_FAULT")).message).toMatch(/failed for 1 of 3: off: Broken/);
    expect(asked).toEqual([["vm-off"], ["vm-a"], ["vm-b"]]);
  });

  test("leaves what stays on registered, and names it", async () => {
    const { carryOut, asked } = vcenter({ stops: [["vm-a"]] });
    const error = await refusal(carryOut(), "REMOTE_FAULT");
    expect(error.message).toBe("Still on, and therefore still registered: 1 VM: b.");
    expect(error.found).toEqual({ vms: [{ id: "vm-b", name: "b" }] });
    expect(asked.flat()).toEqual(["vm-off", "vm-a"]);
  });
});

describe.each([[undefined], [[["vm-a"], ["vm-b"]]]])("VMs that stay in the inventory, as stopped: %j", (stops) => {
  it.each(["vm-off", "vm-a"])("are named where that failed: %s", async (id) => {
    const { carryOut } = vcenter({ stops, answers: { [id]: broken } });
    const error = await refusal(carryOut(), "REMOTE_FAULT");
    expect(error.message).toBe(`Unregistering failed for 1 of 3: ${id.slice(3)}: Broken.`);
  });

  it("are named where they are in it afterwards, whatever the answer was", async () => {
    const { carryOut, waits } = vcenter({ stops, answers: { "vm-b": "nothing" } });
    const error = await refusal(carryOut(), "REMOTE_FAULT");
    expect(error.message).toBe("After the unregistering these are still in the inventory, 1 VM: b.");
    expect(error.found).toEqual({ vms: [{ id: "vm-b", name: "b" }] });
    expect(waits.length).toBeGreaterThan(1);
  });
});
