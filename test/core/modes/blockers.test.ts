/** What would stop a preparation half-way is refused before its first change. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/core/domain/errors.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { type Bench, refusal, withEngine } from "../../support/engine.ts";

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

  test("none of it makes the plan's reads more", async () => {
    await bench.reset("clone-assigned");
    await bench.plan("automated_testing");
    const before = (await bench.control.calls()).totals.vim;
    await bench.plan("automated_testing");
    expect((await bench.control.calls()).totals.vim - before).toBeLessThanOrEqual(8);
  });
});
