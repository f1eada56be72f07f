/** Runs that end with gold, cut off everywhere: -rvgd at every step of the way; with ATVM_CRASH=all from more worlds, and -M, -U and --release. */
import { detachScsiLun, unmountVmfs } from "../../src/lab/world/storage.ts";
import { goldOf, hostOf, snapshotsOf, withEngine } from "../support/engine.ts";
import { cutOffEverywhere, type Journey, WHOLE } from "./matrix.ts";

const bench = await withEngine();
const { control, lab } = bench;
await control.reset({ scenario: "clone-assigned" });
const start = await control.state();
const oldest = snapshotsOf(start, goldOf(start).id).at(-1)?.name ?? "";

/** Gold as a cleanup leaves it that died after the detach: assigned, unmounted by hand, its disk off. */
async function detachGold(): Promise<void> {
  const state = await control.state();
  const host = hostOf(state);
  const mount = host.mounts[0];
  for (const vm of state.vms.filter((one) => one.host === host.name)) {
    if (vm.powerState === "poweredOn") await control.touch("power-off", { vm: vm.id });
    await control.touch("unregister-vm", { vm: vm.id }).catch(() => undefined);
  }
  const { model } = lab.world;
  model.vms = model.vms.filter((vm) => vm.hostId !== host.id);
  unmountVmfs(lab.world.state, host.id, mount?.vmfsUuid ?? "");
  const disk = model.hosts.find((one) => one.id === host.id)?.disks.find((one) => one.naa === mount?.naa);
  detachScsiLun(lab.world.state, host.id, disk?.uuid ?? "");
}

const always: Journey[] = [{ name: "-rvgd of gold with running VMs", scenario: "gold-assigned", mode: "rollback" }];
const more: Journey[] = [
  {
    name: "-rvgd --register_vms to the oldest snapshot, in place of a clone",
    scenario: "clone-assigned",
    mode: "rollback",
    inputs: { snapshot: oldest, registerVms: true },
  },
  { name: "-rvgd with nothing assigned", scenario: "empty", mode: "rollback" },
  {
    name: "-M --register_vms in place of a clone",
    scenario: "clone-assigned",
    mode: "maintenance",
    inputs: { registerVms: true },
  },
  {
    name: "-M --release_first in place of a clone",
    scenario: "clone-assigned",
    mode: "maintenance",
    inputs: { releaseFirst: true },
  },
  { name: "-M over the remains of a clone that is gone", scenario: "stale-inventory", mode: "maintenance" },
  { name: "--release of gold with running VMs", scenario: "gold-assigned", mode: "release" },
  { name: "-M of gold that is detached here", scenario: "gold-assigned", mode: "maintenance", prepare: detachGold },
  { name: "-U on gold", scenario: "gold-assigned", mode: "unregister" },
  {
    name: "-U --force_power_off on gold whose guests do not listen",
    scenario: "gold-assigned",
    mode: "unregister",
    inputs: { forcePowerOff: true },
    prepare: async () => {
      for (const vm of (await control.state()).vms.filter((one) => one.powerState === "poweredOn"))
        await control.touch("no-tools", { vm: vm.id });
    },
  },
];

for (const journey of WHOLE ? [...always, ...more] : always) await cutOffEverywhere(bench, journey);
