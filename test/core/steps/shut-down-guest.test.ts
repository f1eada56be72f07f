/** Which guests are asked to shut down, and what becomes of those that are late. */
import { describe, expect, it, test } from "vitest";
import { type ErrorCode, PrepError } from "../../../src/core/domain/errors.ts";
import type { MoRef } from "../../../src/core/domain/ids.ts";
import type { BatchOutcome } from "../../../src/core/ports/hypervisor.ts";
import type { StepOf } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { smallWorld, vmLike, vmPark } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

/** What shutting down comes to: an error, or "nothing" where a guest is said to be down and is not. */
function vcenter(answers: Readonly<Record<string, ErrorCode | "nothing">> = {}) {
  const park = vmPark(vmLike("a"), vmLike("b"), vmLike("off", { powerState: "poweredOff" }), vmLike("c"));
  const asked: MoRef[][] = [];
  const small = smallWorld({
    hypervisor: {
      vmStates: park.vmStates,
      shutDownGuests: async (ids, timeoutMs, progress) => {
        expect(timeoutMs).toBe(60_000);
        asked.push([...ids]);
        progress?.(1, ids.length);
        return ids.map((id): BatchOutcome => {
          const answer = answers[id];
          if (answer === undefined) park.switchOff(id);
          if (answer === undefined || answer === "nothing") return { id };
          return { id, error: new PrepError(answer, `${answer}.`, { hint: "Mend it." }) };
        });
      },
    },
  });
  const step = (thenForce: boolean): StepOf<"shut_down_guest"> => ({
    id: "s1",
    after: [],
    kind: "shut_down_guest",
    vms: park.refs,
    thenForce,
  });
  const carryOut = async (thenForce = false) => (await actOf(step(thenForce), small.world))(small.world);
  return { ...small, asked, step, carryOut };
}

it.each([true, false])(
  "asks those that are on, says how many are down, and has nothing to do where none is (a power-off may follow: %s)",
  async (thenForce) => {
    const { carryOut, asked, progress, world, step } = vcenter();
    expect(await carryOut(thenForce)).toEqual({ detail: "3 shut down" });
    expect(asked).toEqual([["vm-a", "vm-b", "vm-c"]]);
    expect(progress).toEqual(["1 of 3 shut down"]);
    expect(await doneOf(step(thenForce), world)).toEqual({ detail: "none of them is running" });
  },
);

describe("guests that do not end, or cannot be asked", () => {
  const answers = { "vm-a": "GUEST_STILL_RUNNING", "vm-c": "TOOLS_MISSING" } as const;

  test("are left to the power-off that follows", async () => {
    const { carryOut, waits } = vcenter(answers);
    expect(await carryOut(true)).toEqual({ detail: "2 of 3 still running, to be powered off" });
    expect(waits).toEqual([]);
  });

  test("stop the run where none follows", async () => {
    const error = await refusal(vcenter(answers).carryOut(false), "GUEST_STILL_RUNNING");
    expect(error.message).toBe("Guest shutdown failed for 2 of 3: a: GUEST_STILL_RUNNING.; c: TOOLS_MISSING.");
  });
});

it.each([true, false])("another failure stops the run (a power-off may follow: %s)", async (thenForce) => {
  const { carryOut } = vcenter({ "vm-b": "NOT_SUPPORTED" });
  expect((await refusal(carryOut(thenForce), "NOT_SUPPORTED")).message).toContain("b: NOT_SUPPORTED.");
});

it.each([true, false])(
  "one that is said to be down and is on is named (a power-off may follow: %s)",
  async (thenForce) => {
    const { carryOut, waits } = vcenter({ "vm-b": "nothing", ...(thenForce && { "vm-c": "TOOLS_MISSING" }) });
    const error = await refusal(carryOut(thenForce), "GUEST_STILL_RUNNING");
    expect(error.message).toBe("After the shutdown these are still on, 1 VM: b.");
    expect(error.found).toEqual({ vms: [{ id: "vm-b", name: "b" }] });
    expect(waits.length).toBeGreaterThan(1);
  },
);
