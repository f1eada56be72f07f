import { describe, expect, test } from "vitest";
import { CLONE, datastoreOf, drafted, GOLD, graphOf, refusedWith, seen, vmOn } from "../../support/observations.ts";

const MODE = "unregister";

describe("-U", () => {
  test("on a clone: what runs is powered off hard, each unregistered as soon as it is off", () => {
    const running = vmOn(CLONE, "web-01", { powerState: "poweredOn" });
    const others = [
      vmOn(CLONE, "db-01"),
      vmOn(CLONE, "batch-01", { powerState: "suspended" }),
      vmOn(CLONE, "tpl-01", { template: true }),
      vmOn(CLONE, "tpl-02", { template: true, powerState: "poweredOn" }),
      vmOn(CLONE, "gone-01", { powerState: "poweredOn", connectionState: "orphaned" }),
    ];
    const draft = drafted(MODE, seen([CLONE], { vms: [running, ...others] }));
    expect(graphOf(draft)).toEqual(["s1 power_off", "s2 unregister"]);
    expect(draft.steps).toMatchObject([
      { vms: [{ id: running.id }] },
      { vms: [running, ...others].map(({ id }) => ({ id })), dead: false, asStoppedBy: "s1" },
    ]);
    expect(draft.steps[0]).not.toHaveProperty("diskLost");
    expect(draft.worksOn).toEqual({ id: CLONE.id, naa: CLONE.naa, name: CLONE.name, kind: "clone" });
    expect(draft.impact).toMatchObject({
      vmsToPowerOff: [{ moref: running.id }],
      volumesToUnassign: [],
      clonesToDelete: [],
      datastoresToUnmount: [],
    });
  });

  test("on gold: guests are shut down, and nothing is unregistered before all are off", () => {
    const vms = [vmOn(GOLD, "web-01", { powerState: "poweredOn" }), vmOn(GOLD, "db-01")];
    const draft = drafted(MODE, seen([GOLD], { vms }));
    expect(graphOf(draft)).toEqual(["s1 shut_down_guest", "s2 unregister after s1"]);
    expect(draft.steps[0]).toMatchObject({ vms: [{ id: vms[0]?.id }], thenForce: false });
    expect(draft.steps[1]).not.toHaveProperty("asStoppedBy");
  });

  test("on gold with forcePowerOff: hard after the guest's time is over, with a warning", () => {
    const vms = [vmOn(GOLD, "web-01", { powerState: "poweredOn" })];
    const draft = drafted(MODE, seen([GOLD], { vms }), { forcePowerOff: true });
    expect(graphOf(draft)).toEqual(["s1 shut_down_guest", "s2 power_off after s1", "s3 unregister after s1, s2"]);
    expect(draft.warnings.join()).toMatch(/powered off hard/);
  });

  test("a suspended VM on gold is unregistered as it is, with a warning; on a clone without one", () => {
    const on = (volume: typeof GOLD) =>
      seen([volume], { vms: [vmOn(volume, "batch-01", { powerState: "suspended" })] });
    expect(drafted(MODE, on(GOLD)).warnings.join()).toMatch(/suspended state stays/);
    expect(drafted(MODE, on(CLONE)).warnings).toEqual([]);
    expect(graphOf(drafted(MODE, on(GOLD)))).toEqual(["s1 unregister"]);
  });

  test("warns of a VM under Fault Tolerance", () => {
    const vms = [vmOn(CLONE, "web-01", { powerState: "poweredOn", faultTolerant: true })];
    expect(drafted(MODE, seen([CLONE], { vms })).warnings.join()).toMatch(/Fault Tolerance/);
  });

  test("rests on whether tools run where a guest is to be asked, and nowhere else", () => {
    const print = (volume: typeof GOLD, toolsRunning: boolean): string =>
      drafted(MODE, seen([volume], { vms: [vmOn(volume, "web-01", { powerState: "poweredOn", toolsRunning })] }), {
        forcePowerOff: true,
      }).fingerprint;
    expect(print(GOLD, true)).not.toBe(print(GOLD, false));
    expect(print(CLONE, true)).toBe(print(CLONE, false));
    const off = (toolsRunning: boolean): string =>
      drafted(MODE, seen([GOLD], { vms: [vmOn(GOLD, "db-01", { toolsRunning })] })).fingerprint;
    expect(off(true)).toBe(off(false));
  });

  test("where one of those that run has lost its disk, the power-off does not wait for what only a disk can do", () => {
    const vms = [
      vmOn(CLONE, "web-01", { powerState: "poweredOn" }),
      vmOn(CLONE, "db-01", { powerState: "poweredOn", connectionState: "inaccessible" }),
    ];
    expect(drafted(MODE, seen([CLONE], { vms })).steps[0]).toMatchObject({ kind: "power_off", diskLost: true });
  });

  test("with nothing registered is done already", () => {
    expect(drafted(MODE, seen([CLONE])).steps).toEqual([]);
  });

  test("is refused with nothing assigned or mounted, and not where only the storage is lost", () => {
    expect(refusedWith(MODE, seen([]))).toBe("NOTHING_ASSIGNED");
    expect(refusedWith(MODE, seen([CLONE], { inventory: { datastores: [] }, storage: { mounts: [] } }))).toBe(
      "DATASTORE_NOT_FOUND",
    );
    const lost = { inventory: { datastores: [datastoreOf(CLONE, { accessible: false })] } };
    const vms = [vmOn(CLONE, "web-01", { connectionState: "inaccessible" })];
    expect(graphOf(drafted(MODE, seen([CLONE], { ...lost, vms })))).toEqual(["s1 unregister"]);
  });
});
