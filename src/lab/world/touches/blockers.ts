/** What keeps a preparation from going through: each is there for a product to find before it changes anything. */
import type { LabDatastore, LabVm } from "../model.ts";
import { usable, type WorldState } from "../state.ts";
import { elsewhere } from "./storage.ts";
import { mountOf, pairOf, pick, type Touch, vmOf } from "./targets.ts";

type Blocker =
  | "question"
  | "managed-vm"
  | "fault-tolerance"
  | "snapshot-elsewhere"
  | "datastore-cluster"
  | "io-control"
  | "ha-heartbeat"
  | "host-files"
  | "maintenance-mode"
  | "disabled-method";

const on = (vm: LabVm): boolean => vm.powerState === "poweredOn";

/** Puts it there, and returns the ids of what changed. */
export function block(state: WorldState, touch: Touch & { what: Blocker }): string[] {
  switch (touch.what) {
    case "question":
      return ask(state, touch);
    case "managed-vm": {
      const vm = vmOf(state, touch, on);
      vm.name = touch.name ?? `vCLS-${vm.instanceUuid}`;
      vm.managedBy = { extensionKey: "com.vmware.vim.eam", type: "cluster-agent" };
      return [vm.id];
    }
    case "fault-tolerance": {
      const vm = vmOf(state, touch, on);
      vm.faultTolerant = true;
      return [vm.id];
    }
    case "snapshot-elsewhere":
      return [keepSnapshotsHere(state, touch)];
    case "datastore-cluster": {
      const { datastore } = mountOf(state, touch);
      datastore.pod = { id: state.ids.moref("group-p"), name: touch.name ?? "Pod" };
      return [datastore.id];
    }
    case "io-control":
      return mark(mountOf(state, touch).datastore, "ioControl");
    case "ha-heartbeat":
      return mark(mountOf(state, touch).datastore, "heartbeat");
    case "host-files": {
      const { pair, datastore } = mountOf(state, touch);
      pair.host.keeps = [...(pair.host.keeps ?? []), { what: touch.use ?? "scratch", datastoreId: datastore.id }];
      return [pair.host.id];
    }
    case "maintenance-mode": {
      const { host } = pairOf(state, touch);
      host.maintenance = true;
      return [host.id];
    }
    case "disabled-method":
      return disable(state, touch);
    default:
      return touch.what satisfies never;
  }
}

function mark(datastore: LabDatastore, with_: "ioControl" | "heartbeat"): string[] {
  datastore[with_] = true;
  return [datastore.id];
}

function ask(state: WorldState, touch: Touch): string[] {
  const vm = vmOf(state, touch, on);
  vm.question = {
    id: `_vmx${vm.id}`,
    text: touch.name ?? "This virtual machine might have been moved or copied.",
    choices: [
      { key: "0", label: "Cancel" },
      { key: "1", label: "I moved it" },
      { key: "2", label: "I copied it" },
    ],
  };
  return [vm.id];
}

/** A VM that lives on another datastore has nothing but its snapshots on the assigned one. */
function keepSnapshotsHere(state: WorldState, touch: Touch): string {
  const { pair, mount, datastore } = mountOf(state, touch);
  const other = pair.host.mounts.find((candidate) => usable(candidate) && candidate !== mount);
  const vm = touch.vm === undefined ? elsewhere(state, pair, other) : vmOf(state, touch, () => true);
  vm.workingDatastoreId = datastore.id;
  return vm.id;
}

function disable(state: WorldState, touch: Touch): string[] {
  const target =
    touch.of === "host"
      ? pairOf(state, touch).host
      : touch.of === "datastore"
        ? mountOf(state, touch).datastore
        : vmOf(state, touch, on);
  const method = touch.method ?? (touch.of === undefined || touch.of === "vm" ? "PowerOffVM_Task" : "Destroy_Task");
  target.disabledMethods = [...(target.disabledMethods ?? []), method];
  return [pick(target, "object").id];
}
