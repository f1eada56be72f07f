/** The site's script as a step: when it is begun, what is looked at in vSphere afterwards, and what is said where that is not clear. */
import { describe, expect, it, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Datastore, Vm, VmfsMount } from "../../../src/core/ports/hypervisor.ts";
import type { ScriptCall, ScriptEnd } from "../../../src/core/ports/script.ts";
import { describeStep } from "../../../src/core/steps/catalog.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import {
  datastoreLike,
  diskLike,
  mountLike,
  NAA,
  OTHER_NAA,
  OTHER_VMFS,
  smallWorld,
  VMFS,
  vmLike,
} from "../../support/small-world.ts";
import { actOf } from "../../support/step-world.ts";

const stepOf = (mode: Mode): Step => ({
  id: "s1",
  after: [],
  kind: "script",
  words: ["-A", "-n", "Gold"],
  withPassword: true,
  where: "on this machine",
  goal: { mode, lun: "Gold", signatures: [VMFS] },
});

const well: ScriptEnd = {
  kind: "exited",
  code: 0,
  how: "The script exited with 0.",
  mayRun: false,
  answered: ["Go on?"],
  output: ["printed"],
  log: ["logged"],
};

interface Shown {
  readonly mounts?: readonly VmfsMount[];
  readonly datastores?: readonly Datastore[];
  readonly vms?: readonly Vm[];
  readonly files?: readonly string[];
}

interface Case {
  readonly mode?: Mode;
  /** What vSphere shows, the last of them from then on; nothing: it cannot be asked. */
  readonly shown?: readonly (Shown | undefined)[];
  readonly end?: Partial<ScriptEnd>;
  readonly running?: readonly string[];
}

/** The step, with a script that ends like this, and what became of both. */
function around({ mode = "automated_testing", shown = [{}], end = {}, running = [] }: Case = {}) {
  const calls: ScriptCall[] = [];
  let looks = 0;
  let isBefore = true;
  const now = (): Shown => {
    const { length } = shown;
    const at = shown[Math.min(looks, length) - 1];
    if (at === undefined) throw new PrepError("UNREACHABLE", "Away.", { hint: "Wait." });
    return at;
  };
  const small = smallWorld({
    hypervisor: {
      hostDevices: async () => {
        if (isBefore) return { disks: [diskLike(OTHER_NAA)], mounts: [] };
        looks += 1;
        return { disks: [], mounts: now().mounts ?? [mountLike({ forceMounted: mode === "automated_testing" })] };
      },
      inventory: async () => ({ hosts: [], datastores: now().datastores ?? [datastoreLike()], unreadable: [] }),
      vmsOn: async (ids) => (now().vms ?? []).filter((vm) => vm.datastoreIds.some((id) => ids.includes(id))),
      vmxFiles: async () => ({
        files: (now().files ?? []).map((path) => ({ path, template: false })),
        unreadable: [],
      }),
    },
    script: {
      inspect: () => Promise.reject(new TypeError("was not to be inspected")),
      running: async () => running,
      run: async (call, progress) => {
        calls.push(call);
        progress("at work");
        return { ...well, ...end };
      },
    },
  });
  const carryOut = async () => {
    const act = await actOf(stepOf(mode), small.world);
    isBefore = false;
    return act(small.world);
  };
  return { ...small, calls, carryOut, looks: () => looks };
}

test("the words that are approved are those that it is run with, the password unsaid", async () => {
  expect(describeStep(stepOf("register"))).toBe("Run -A -n Gold -vp, with the configured password, on this machine");
  const { carryOut, calls, progress } = around();
  await carryOut();
  expect(calls).toEqual([{ words: ["-A", "-n", "Gold"], withPassword: true }]);
  expect(progress).toEqual(["at work"]);
});

describe("is not begun", () => {
  it("where the configuration names no script any more", async () => {
    const { world } = around();
    const { script: _, ...without } = world;
    const error = await refusal((await actOf(stepOf("maintenance"), world))(without), "PLAN_OBSOLETE");
    expect(error.next).toEqual([{ kind: "plan_again" }]);
  });

  it("where one runs already, of which some are named", async () => {
    const { carryOut, calls } = around({ running: ["1", "2", "3", "4", "5", "6"] });
    const error = await refusal(carryOut(), "LOCKED");
    expect(error.found).toEqual({ processes: ["1", "2", "3", "4", "5"] });
    expect(calls).toEqual([]);
  });
});

const forced = mountLike({ forceMounted: true });
const spanned = [NAA, OTHER_NAA];
const elsewhere = vmLike("elsewhere", { path: "[Other] elsewhere/elsewhere.vmx" });

describe("has reached its goal", () => {
  it.each<[string, Mode, Shown, string]>([
    ["a clone, mounted by force on a new disk", "automated_testing", {}, "is mounted, on a new disk"],
    ["gold, mounted as such", "maintenance", {}, "is mounted, as gold is"],
    ["gold, mounted as such", "rollback", {}, "is mounted, as gold is"],
    ["no VM that lives there", "unregister", { vms: [elsewhere] }, "has 0 registered VMs"],
    [
      "a VM of each VMX, whichever way its path is told",
      "register",
      {
        vms: [vmLike("a"), vmLike("b", { path: `[] /vmfs/volumes/${VMFS}/b/b.vmx` })],
        files: ["[Gold] a/a.vmx", "[Gold] b/b.vmx"],
      },
      "has 0 VMs that are not registered",
    ],
  ])("%s: %s", async (_what, mode, shown, words) => {
    const { carryOut, waits } = around({ mode, shown: [shown] });
    expect(await carryOut()).toEqual({
      detail: `The script exited with 0. In vSphere, datastore Gold (${NAA}) ${words}.`,
      outputs: {
        script: { ended: well.how, answered: ["Go on?"], output: ["printed"], log: ["logged"] },
        datastore: { id: "datastore-1", name: "Gold", vmfsUuid: VMFS },
      },
    });
    expect(waits).toEqual([]);
  });

  it.each<[string, Shown]>([
    ["a mount of another label, by its signature", { mounts: [{ ...forced, label: plainName("Silver") }] }],
    [
      "a mount of another signature, by its label",
      {
        mounts: [{ ...forced, vmfsUuid: OTHER_VMFS }],
        datastores: [datastoreLike({ vmfsUuid: OTHER_VMFS })],
      },
    ],
    [
      "its mount among others",
      {
        mounts: [
          mountLike({ label: plainName("Silver"), vmfsUuid: OTHER_VMFS, extents: [OTHER_NAA] }),
          mountLike({ mounted: false }),
          mountLike({ accessible: false }),
          forced,
        ],
      },
    ],
    [
      "its datastore among others",
      {
        mounts: [forced],
        datastores: [
          datastoreLike({ id: asMoRef("datastore-2"), datacenterId: asMoRef("dc-2") }),
          datastoreLike({ id: asMoRef("datastore-3"), vmfsUuid: OTHER_VMFS }),
          datastoreLike({ id: asMoRef("datastore-4"), extents: spanned }),
          datastoreLike(),
        ],
      },
    ],
  ])("knows %s", async (_what, shown) => {
    expect((await around({ shown: [shown] }).carryOut()).outputs?.datastore?.id).toBe("datastore-1");
  });

  it("is waited for, as vCenter may list what was done a while later", async () => {
    const { carryOut, waits } = around({ shown: [{ mounts: [] }, undefined, { datastores: [] }, {}] });
    expect((await carryOut()).detail).toContain("on a new disk");
    expect(waits).toHaveLength(3);
  });
});

describe("has not reached its goal, which calls for a person", () => {
  it.each<[string, Mode, Shown, RegExp]>([
    ["nothing is mounted", "automated_testing", { mounts: [] }, /0 datastores of Gold are mounted on esx-1\./],
    ["two are mounted", "automated_testing", { mounts: [forced, forced] }, /2 datastores of Gold are mounted/],
    ["vCenter lists none", "automated_testing", { datastores: [] }, /vCenter does not list Gold yet/],
    ["a clone that is no copy", "automated_testing", { mounts: [mountLike()] }, /not by force, as a clone is/],
    [
      "the disk of before is part of it",
      "automated_testing",
      { mounts: [{ ...forced, extents: spanned }] },
      /on the disk of before/,
    ],
    ["a clone in gold's place", "maintenance", { mounts: [forced] }, /mounted by force, as a clone is, not gold/],
    ["VMs are left", "unregister", { vms: [vmLike("a"), elsewhere] }, /has 1 registered VMs/],
    [
      "VMs are missing",
      "register",
      { vms: [vmLike("a")], files: ["[Gold] a/a.vmx", "[Gold] b/b.vmx"] },
      /has 1 VMs that are not registered/,
    ],
    [
      "the VM of a VMX is another datastore's",
      "register",
      { vms: [elsewhere], files: ["[Gold] elsewhere/elsewhere.vmx"] },
      /has 1 VMs that are not registered/,
    ],
  ])("%s", async (_what, mode, shown, words) => {
    const { carryOut, waits } = around({ mode, shown: [shown] });
    const error = await refusal(carryOut(), "OUTCOME_UNKNOWN");
    expect(error.message).toMatch(words);
    expect(error.next).toEqual([{ kind: "plan_again" }]);
    expect(waits.length).toBeGreaterThan(1);
  });

  it("vSphere cannot be asked", async () => {
    const { carryOut } = around({ shown: [undefined] });
    expect((await refusal(carryOut(), "OUTCOME_UNKNOWN")).message).toBe(
      "The script exited with 0. In vSphere, nothing could be seen (Away.).",
    );
  });
});

describe("has not ended well, so that a person is called whatever vSphere shows, which is looked at once", () => {
  it.each<[string, Partial<ScriptEnd>]>([
    ["it failed", { code: 3 }],
    ["it was stopped", { kind: "stopped" }],
    ["nobody saw its end", { kind: "lost" }],
  ])("%s", async (_what, end) => {
    const { carryOut, waits, looks } = around({ end });
    const error = await refusal(carryOut(), "OUTCOME_UNKNOWN");
    expect(error.message).toContain("on a new disk");
    const short = around({ end, shown: [{ mounts: [] }, {}] });
    expect((await refusal(short.carryOut(), "OUTCOME_UNKNOWN")).message).toContain("0 datastores of Gold");
    expect(error.found).toEqual({
      script: { ended: well.how, answered: ["Go on?"], output: ["printed"], log: ["logged"] },
    });
    expect(error.hint).not.toMatch(/still be running|script\.prompts/);
    expect([waits.length, looks()]).toEqual([0, 1]);
  });

  it("says where it may still run, and which question it was stopped at", async () => {
    const { carryOut } = around({ end: { kind: "stopped", mayRun: true, question: 'Erase "all"?' } });
    const { hint } = await refusal(carryOut(), "OUTCOME_UNKNOWN");
    expect(hint).toContain("It may still be running on this machine: check there first.");
    expect(hint).toContain('add the question to script.prompts: "Erase \\"all\\"?".');
  });
});
