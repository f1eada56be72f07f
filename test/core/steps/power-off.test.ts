/** Which VMs are powered off, and what is said of those that stay on. */
import { describe, expect, it, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import type { MoRef } from "../../../src/core/domain/ids.ts";
import type { BatchOutcome } from "../../../src/core/ports/hypervisor.ts";
import type { StepOf } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { smallWorld, vmLike, vmPark } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

const broken = new PrepError("REMOTE_FAULT", "Broken.", { hint: "Mend it." });

/** What power-offs come to: an error, or "nothing" where one is said to be done and is not. */
function vcenter(answers: Readonly<Record<string, Error | "nothing">> = {}) {
  const park = vmPark(vmLike("a"), vmLike("b"), vmLike("off", { powerState: "poweredOff" }), vmLike("c"));
  const asked: MoRef[][] = [];
  const small = smallWorld({
    hypervisor: {
      vmStates: park.vmStates,
      powerOff: async (ids, progress) => {
        asked.push([...ids]);
        return ids.map((id, at): BatchOutcome => {
          const answer = answers[id];
          const outcome = answer instanceof Error ? { id, error: answer } : { id };
          if (answer === undefined) park.switchOff(id);
          progress?.(at + 1, ids.length, outcome);
          return outcome;
        });
      },
    },
  });
  const step = (diskLost?: boolean): StepOf<"power_off"> => ({
    id: "s1",
    after: [],
    kind: "power_off",
    vms: park.refs,
    ...(diskLost !== undefined && { diskLost }),
  });
  const carryOut = async (diskLost?: boolean) => (await actOf(step(diskLost), small.world))(small.world);
  return { ...small, park, asked, step, carryOut };
}

test("powers off what is on, tells of each, and has nothing to do where nothing is", async () => {
  const { carryOut, asked, progress, stopped, world, step } = vcenter();
  expect(await carryOut()).toEqual({ detail: "3 powered off" });
  expect(asked).toEqual([["vm-a", "vm-b", "vm-c"]]);
  expect(progress).toEqual(["1 of 3 off", "2 of 3 off", "3 of 3 off"]);
  expect(stopped).toEqual(["vm-a", "vm-b", "vm-c"]);
  expect(await doneOf(step(), world)).toEqual({ detail: "none of them is running" });
});

test("one that was powered off after the check is not powered off", async () => {
  const { world, step, asked, park } = vcenter();
  const act = await actOf(step(), world);
  park.switchOff(vmLike("a").id);
  await act(world);
  expect(asked).toEqual([["vm-b", "vm-c"]]);
});

describe.each([
  [true, /esxcli vm process kill/],
  [false, /^Check these VMs' tasks and events/],
  [undefined, /^Check these VMs' tasks and events/],
])("VMs that stay on, their disk lost: %s", (diskLost, hint) => {
  it("are named where the power-off failed, and are not said to be stopped", async () => {
    const { carryOut, stopped } = vcenter({ "vm-b": broken });
    const error = await refusal(carryOut(diskLost), "REMOTE_FAULT");
    expect(error.message).toBe("Powering off failed for 1 of 3: b: Broken.");
    expect(error.hint).toMatch(diskLost === true ? /^Mend it\. Their disk is gone/ : /^Mend it\.$/);
    expect(stopped).toEqual(["vm-a", "vm-c"]);
  });

  it("are named where they are on after it, whatever the answer was", async () => {
    const { carryOut, waits } = vcenter({ "vm-b": "nothing" });
    const error = await refusal(carryOut(diskLost), "REMOTE_FAULT");
    expect(error.message).toBe("After the power-off these are still on, 1 VM: b.");
    expect(error.found).toEqual({ vms: [{ id: "vm-b", name: "b" }] });
    expect(error.hint).toMatch(hint);
    expect(waits.length).toBeGreaterThan(1);
  });
});

test("is done where the VMs cannot be read after it, and that is said", async () => {
  const { world, step } = vcenter();
  const act = await actOf(step(), world);
  let reads = 0;
  const vmStates: typeof world.hypervisor.vmStates = async (ids) => {
    reads += 1;
    if (reads > 1) throw new PrepError("UNREACHABLE", "Away.", { hint: "Wait." });
    return world.hypervisor.vmStates(ids);
  };
  expect(await act({ ...world, hypervisor: { ...world.hypervisor, vmStates } })).toEqual({
    detail: "3 powered off, as vCenter says; they could not be read",
  });
});
