/** What would stop a preparation half-way, for the modes that would meet it; the lab provokes the same in blockers-lab.test.ts. */
import { describe, expect, test } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { CLONE, datastoreOf, GOLD, HOST, mountOf, refusedWith, seen, vmOn } from "../../support/observations.ts";

const CLEANING: readonly Mode[] = ["automated_testing", "maintenance", "rollback", "release"];
const STOPPING: readonly Mode[] = [...CLEANING, "unregister"];
const MOUNTING: readonly Mode[] = ["automated_testing", "maintenance", "rollback"];
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
    seen([CLONE], { vms: [{ ...off, name: "vCLS (1)" }] }),
  ],
  [
    "a host in maintenance mode",
    [...MOUNTING, "register"],
    "HOST_IN_MAINTENANCE",
    seen([CLONE], { host: { ...HOST, inMaintenanceMode: true } }),
  ],
  [
    "a datastore in a datastore cluster",
    CLEANING,
    "UNMOUNT_BLOCKED",
    seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { storagePod: asMoRef("group-p1") })] } }),
  ],
  [
    "a datastore with Storage I/O Control",
    CLEANING,
    "UNMOUNT_BLOCKED",
    seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { ioControl: true })] } }),
  ],
] as const)("%s", (_case, modes, code, observation) => {
  test.each(ALL)("%s", (mode) => {
    expect(refusedWith(mode, observation)).toBe(modes.some((one) => one === mode) ? code : "planned");
  });
});

test.each(CLEANING)("%s: a question of a VM that is off stops nothing", (mode) => {
  expect(refusedWith(mode, seen([CLONE], { vms: [{ ...off, question: "?" }] }))).toBe("planned");
});

test.each(CLEANING)("%s: a datastore that is not mounted needs no unmount that could be blocked", (mode) => {
  const observation = seen([CLONE], {
    inventory: { datastores: [datastoreOf(CLONE, { ioControl: true, accessible: false })] },
    storage: { mounts: [mountOf(CLONE, { mounted: false })] },
  });
  expect(refusedWith(mode, observation)).toBe("planned");
});

describe("gold's VMs without guest tools", () => {
  const vms = [vmOn(GOLD, "web-01", { powerState: "poweredOn", toolsRunning: false })];
  const modes: readonly Mode[] = ["automated_testing", "rollback", "release", "unregister"];

  test.each(modes)("%s is refused, unless they may be powered off hard", (mode) => {
    expect(refusedWith(mode, seen([GOLD], { vms }))).toBe("TOOLS_MISSING");
    expect(refusedWith(mode, seen([GOLD], { vms }), { forcePowerOff: true })).toBe("planned");
  });
});
