/** What would stop a preparation half-way is refused before its first change. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import { type Bench, refusal, withEngine } from "../../support/engine.ts";
import { CLONE, datastoreOf, GOLD, HOST, mountOf, refusedWith, seen, vmOn } from "../../support/observations.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const UNMOUNTING: readonly Mode[] = ["automated_testing", "maintenance", "rollback", "release"];
const STOPPING: readonly Mode[] = [...UNMOUNTING, "unregister"];
const BRINGING_UP: readonly Mode[] = ["automated_testing", "maintenance", "rollback", "register"];

interface Blocker {
  readonly name: string;
  readonly touch: readonly [string, Record<string, string>?];
  readonly modes: readonly Mode[];
  readonly code: ErrorCode;
  readonly says: RegExp;
}

const BLOCKERS: readonly Blocker[] = [
  {
    name: "a VM that waits for an answer",
    touch: ["question", { name: "Was it moved or copied?" }],
    modes: STOPPING,
    code: "VM_HAS_QUESTION",
    says: /Was it moved or copied\?/,
  },
  {
    name: "a VM that vCenter's agent manager manages",
    touch: ["managed-vm", { name: "agent-01" }],
    modes: STOPPING,
    code: "VM_MANAGED",
    says: /agent-01.*com\.vmware\.vim\.eam/,
  },
  {
    name: "a VM that only its name tells to be one of vSphere Cluster Services",
    touch: ["rename-vm", { name: "vCLS (2)" }],
    modes: STOPPING,
    code: "VM_MANAGED",
    says: /vCLS \(2\)/,
  },
  {
    name: "a VM from elsewhere that has nothing but its snapshots there",
    touch: ["snapshot-elsewhere"],
    modes: STOPPING,
    code: "VM_SPANS_DATASTORES",
    says: /snapshot, working or other directory.*working directory/,
  },
  {
    name: "a host in maintenance mode",
    touch: ["maintenance-mode"],
    modes: BRINGING_UP,
    code: "HOST_IN_MAINTENANCE",
    says: /192\.168\.1\.165/,
  },
  {
    name: "a datastore in a datastore cluster",
    touch: ["datastore-cluster"],
    modes: UNMOUNTING,
    code: "UNMOUNT_BLOCKED",
    says: /datastore cluster.*Move it out/,
  },
  {
    name: "a datastore with Storage I/O Control",
    touch: ["io-control"],
    modes: UNMOUNTING,
    code: "UNMOUNT_BLOCKED",
    says: /Storage I\/O Control.*Disable/,
  },
  {
    name: "a datastore that vSphere HA keeps its heartbeats on",
    touch: ["ha-heartbeat"],
    modes: UNMOUNTING,
    code: "UNMOUNT_BLOCKED",
    says: /holds vSphere HA's heartbeats.*Choose other heartbeat datastores/,
  },
  ...(["scratch", "syslog", "coredump"] as const).map((use) => ({
    name: `a datastore with the host's ${use} on it`,
    touch: ["host-files", { use }] as const,
    modes: UNMOUNTING,
    code: "UNMOUNT_BLOCKED" as const,
    says: { scratch: /scratch location/, syslog: /log directory/, coredump: /core dump partition/ }[use],
  })),
  {
    name: "a running VM whose power-off is disabled",
    touch: ["disabled-method", { method: "PowerOffVM_Task" }],
    modes: STOPPING,
    code: "METHOD_DISABLED",
    says: /cannot be powered off.*backup/,
  },
  {
    name: "a VM that is off whose unregistering is disabled",
    touch: ["disabled-method", { vm: "db-01", method: "UnregisterVM" }],
    modes: STOPPING,
    code: "METHOD_DISABLED",
    says: /cannot be unregistered/,
  },
];

const each = BLOCKERS.flatMap((blocker) => blocker.modes.map((mode) => [blocker.name, mode, blocker] as const));

describe("refused in the plan, with nothing changed", () => {
  test.each(each)("%s: %s", async (_name, mode, { touch: [what, on], code, says }) => {
    await bench.reset("clone-assigned");
    const touched = await bench.control.touch(what, on);
    const { calls: _before, ...before } = await bench.control.state();
    const refused = await refusal(bench.plan(mode), code);
    expect(`${refused.message} ${refused.hint}`).toMatch(says);
    for (const id of touched) expect(JSON.stringify(refused.found)).toContain(id);
    expect(await bench.app.engine.listPlans()).toEqual([]);
    const { calls: _after, ...after } = await bench.control.state();
    expect(after).toEqual(before);
  });
});

describe("not in the way", () => {
  test("a fault tolerant VM, which is warned of", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("fault-tolerance", { vm: "web-01" });
    const { warnings } = await bench.plan("automated_testing");
    expect(warnings.filter((warning) => warning.includes("Fault Tolerance"))).toEqual([
      expect.stringMatching(/^VM web-01 .*turn that off/),
    ]);
  });

  test("a host in maintenance mode that is only cleaned up", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("maintenance-mode");
    expect(await bench.prep("release")).toMatchObject({ state: "succeeded" });
  });

  test("what uses a datastore that stays mounted", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("io-control");
    expect(await bench.prep("unregister")).toMatchObject({ state: "succeeded" });
  });

  test("what the account may not read of the host's own files, which is warned of", async () => {
    await bench.reset("clone-assigned");
    await bench.control.faults({ api: "vim", op: "QueryOptions", times: 2, action: "fault:NoPermission" });
    const { warnings } = await bench.plan("automated_testing");
    expect(warnings).toEqual([
      expect.stringMatching(/its scratch location could not be read.*NoPermission/),
      expect.stringMatching(/its syslog location could not be read/),
    ]);
  });

  test("another datastore of the host with its files on it", async () => {
    await bench.reset("two-hosts");
    await bench.control.touch("host-files", { host: "192.168.1.166" });
    await bench.control.touch("ha-heartbeat", { host: "192.168.1.166" });
    expect(await bench.plan("automated_testing")).toMatchObject({ mode: "automated_testing" });
  });

  test("none of it makes the plan's reads more", async () => {
    await bench.reset("clone-assigned");
    await bench.plan("automated_testing");
    const before = (await bench.control.calls()).totals.vim;
    await bench.plan("automated_testing");
    expect((await bench.control.calls()).totals.vim - before).toBeLessThanOrEqual(8);
  });
});

describe("of a resumed run", () => {
  const left = [
    ["a question that came since", "CreateAssignment", ["question"], "VM_HAS_QUESTION"],
    ["a power-off that was disabled since", "CreateAssignment", ["disabled-method"], "METHOD_DISABLED"],
    ["heartbeats since", "UnmountVmfsVolume", ["ha-heartbeat"], "UNMOUNT_BLOCKED"],
    ["a scratch location since", "UnmountVmfsVolume", ["host-files"], "UNMOUNT_BLOCKED"],
    ["maintenance mode since", "UnmountVmfsVolume", ["maintenance-mode"], "HOST_IN_MAINTENANCE"],
    [
      "a VM that was powered on since, and is powered off by no step",
      "CreateAssignment",
      ["power-on"],
      "VOLUME_IN_USE",
    ],
  ] as const;

  test.each(left)("%s is refused", async (_name, op, [what], code) => {
    await bench.reset("clone-assigned");
    await bench.control.faults(
      op === "CreateAssignment"
        ? { api: "dgs", op, action: "job-failed" }
        : { api: "vim", op, action: "fault:HostConfigFault" },
    );
    const failed = await bench.prep("automated_testing");
    expect(failed.state).toBe("failed");
    await bench.control.touch(what);
    await refusal(bench.app.engine.resumePlan(failed.runId, bench.actor), code);
  });

  test("a VM that was powered on again after the run had powered it off is named, and resumed once it is off", async () => {
    await bench.reset("clone-assigned");
    await bench.control.faults({ api: "vim", op: "UnregisterVM", times: 99, action: "fault:NoPermission" });
    const failed = await bench.prep("automated_testing");
    expect(failed.steps.find(({ kind }) => kind === "power_off")).toMatchObject({ state: "done" });
    await bench.control.clearFaults();
    const [id = ""] = await bench.control.touch("power-on");
    const refused = await refusal(bench.app.engine.resumePlan(failed.runId, bench.actor), "VOLUME_IN_USE");
    expect(refused).toMatchObject({ found: { vms: [{ id }] }, next: [{ kind: "plan_again" }] });
    await bench.control.touch("power-off", { vm: id });
    const rest = await bench.app.engine.resumePlan(failed.runId, bench.actor);
    expect(await bench.run(rest)).toMatchObject({ state: "succeeded" });
  });
});

const ALL: readonly Mode[] = [...STOPPING, "register"];

const running = vmOn(CLONE, "web-01", { powerState: "poweredOn" });
const off = vmOn(CLONE, "db-01");

describe.each([
  [
    "a running VM that waits for an answer",
    STOPPING,
    "VM_HAS_QUESTION",
    seen([CLONE], { vms: [{ ...running, question: "?" }] }),
  ],
  [
    "a VM that something else manages",
    STOPPING,
    "VM_MANAGED",
    seen([CLONE], { vms: [{ ...off, managedBy: "com.x" }] }),
  ],
  [
    "a VM that only its name tells to be managed",
    STOPPING,
    "VM_MANAGED",
    seen([CLONE], { vms: [{ ...off, name: safeText("vCLS (1)") }] }),
  ],
  [
    "a host in maintenance mode",
    BRINGING_UP,
    "HOST_IN_MAINTENANCE",
    seen([CLONE], { host: { ...HOST, inMaintenanceMode: true } }),
  ],
  [
    "a datastore in a datastore cluster",
    UNMOUNTING,
    "UNMOUNT_BLOCKED",
    seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { storagePod: asMoRef("group-p1") })] } }),
  ],
  [
    "a datastore with Storage I/O Control",
    UNMOUNTING,
    "UNMOUNT_BLOCKED",
    seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { ioControl: true })] } }),
  ],
] as const)("%s", (_case, modes, code, observation) => {
  test.each(ALL)("%s", (mode) => {
    expect(refusedWith(mode, observation)).toBe(modes.some((one) => one === mode) ? code : "planned");
  });
});

test.each(UNMOUNTING)("%s: a question of a VM that is off stops nothing", (mode) => {
  expect(refusedWith(mode, seen([CLONE], { vms: [{ ...off, question: "?" }] }))).toBe("planned");
});

test.each(UNMOUNTING)("%s: a datastore that is not mounted needs no unmount that could be blocked", (mode) => {
  const observation = seen([CLONE], {
    inventory: { datastores: [datastoreOf(CLONE, { ioControl: true, accessible: false })] },
    storage: { mounts: [mountOf(CLONE, { mounted: false })] },
  });
  expect(refusedWith(mode, observation)).toBe("planned");
});

const ON_GOLD: readonly Mode[] = ["automated_testing", "rollback", "release", "unregister"];

test.each(ON_GOLD)("%s: a guest on gold that vCenter does not let be shut down now", (mode) => {
  const vm = vmOn(GOLD, "web-01", { powerState: "poweredOn", toolsRunning: true });
  expect(refusedWith(mode, seen([GOLD], { vms: [{ ...vm, disabled: ["shutDownGuest"] }] }))).toBe("METHOD_DISABLED");
  expect(refusedWith(mode, seen([GOLD], { vms: [{ ...vm, disabled: ["powerOff"] }] }))).toBe("planned");
});

describe("gold's VMs without guest tools", () => {
  const vms = [vmOn(GOLD, "web-01", { powerState: "poweredOn", toolsRunning: false })];

  test.each(ON_GOLD)("%s is refused, unless they may be powered off hard", (mode) => {
    expect(refusedWith(mode, seen([GOLD], { vms }))).toBe("TOOLS_MISSING");
    expect(refusedWith(mode, seen([GOLD], { vms }), { forcePowerOff: true })).toBe("planned");
  });
});
