/** What would let a step fail half-way, seen before the first change. */
import { PrepError } from "../domain/errors.ts";
import { naaOf } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Observation } from "../observe/observe.ts";
import type { Datastore, Vm, VmOperation } from "../ports/hypervisor.ts";

/** A VM that waits for an answer takes no power operation, and no shutdown (`QuestionPending`). */
export function refuseQuestions(vms: readonly Vm[]): void {
  const asking = vms.flatMap(({ id, name, question }) => (question === undefined ? [] : [{ id, name, question }]));
  const [first] = asking;
  if (first === undefined) return;
  throw new PrepError(
    "VM_HAS_QUESTION",
    `VM ${first.name} (${first.id}) waits for an answer: ${safeText(first.question, 300)}`,
    {
      found: {
        vms: asking.map(({ id, name, question }) => ({
          id,
          name: safeText(name),
          question: safeText(question, 300),
        })),
      },
      hint: "Answer the question in vCenter (the VM's summary shows it), then plan again.",
    },
  );
}

/** How vCenter names the VMs of vSphere Cluster Services: `vCLS-<uuid>` since 7.0 U3, `vCLS (1)` before. */
const VCLS = /^vCLS(?:-| \()/;

/** Power such a VM off and whoever manages it starts it again, or makes another one on the datastore. */
export function refuseManaged(vms: readonly Vm[]): void {
  const managed = vms.filter((vm) => vm.managedBy !== undefined || VCLS.test(vm.name));
  const [first] = managed;
  if (first === undefined) return;
  const manager = first.managedBy === undefined ? "vSphere Cluster Services" : safeText(first.managedBy);
  throw new PrepError(
    "VM_MANAGED",
    `VM ${first.name} (${first.id}) is managed by ${manager}; atvm_prep does not touch it.`,
    {
      found: {
        vms: managed.map(({ id, name, managedBy }) => ({
          id,
          name: safeText(name),
          ...(managedBy === undefined ? {} : { managedBy: safeText(managedBy) }),
        })),
      },
      hint: "Have what manages it move it to another datastore (a vCLS VM: in the cluster's settings, or by retreat mode), then plan again.",
    },
  );
}

/** Nothing is registered for use, powered on or moved to a host in maintenance mode (`InvalidHostState`). */
export function refuseMaintenanceMode({ host }: Observation): void {
  if (host.inMaintenanceMode !== true) return;
  throw new PrepError("HOST_IN_MAINTENANCE", `Host ${host.name} (${host.id}) is in maintenance mode.`, {
    found: { host: host.id },
    hint: "Find out why, take the host out of maintenance mode in vCenter, then plan again.",
  });
}

/** Whether a folder of the host's lies on the datastore: written by its uuid or by its label. */
const isFolderOn = (path: string, { pathName, vmfsUuid }: Datastore): boolean =>
  [`/vmfs/volumes/${vmfsUuid}`, `/vmfs/volumes/${pathName}`, `[${pathName}]`].some((root) => {
    const rest = path.replace(/^\[\]\s*/, "");
    return rest === root || rest.startsWith(`${root}/`) || rest.startsWith(`${root} `);
  });

const FOLDERS = {
  scratch: {
    use: "holds the host's scratch location",
    remedy: "Give the host another scratch location (ScratchConfig.ConfiguredScratchLocation) and reboot it",
  },
  syslog: {
    use: "holds the host's log directory",
    remedy: "Give the host another log directory (Syslog.global.logDir)",
  },
} as const;

interface Use {
  readonly use: string;
  readonly remedy: string;
  readonly id?: string;
}

/** Uses of a datastore that an unmount fails of with `ResourceInUse` or a kind of it, with what ends each. */
function usesOf(datastore: Datastore, { host, hostFiles }: Observation): Use[] {
  const uses: (Use | undefined)[] = [
    datastore.storagePod === undefined
      ? undefined
      : {
          use: "is in a datastore cluster",
          id: datastore.storagePod,
          remedy: "Move it out of the datastore cluster",
        },
    datastore.ioControl === true
      ? { use: "has Storage I/O Control enabled", remedy: "Disable Storage I/O Control on it" }
      : undefined,
    hostFiles?.heartbeats.includes(datastore.id) === true
      ? {
          use: "holds vSphere HA's heartbeats",
          id: host.computeResource,
          remedy: "Choose other heartbeat datastores in the cluster's vSphere HA settings",
        }
      : undefined,
    ...(hostFiles?.folders ?? []).map(({ use, path }) =>
      isFolderOn(path, datastore) ? { ...FOLDERS[use], id: host.id } : undefined,
    ),
    host.dumpDisk !== undefined && datastore.extents.includes(naaOf(host.dumpDisk))
      ? {
          use: "lies on the disk of the host's core dump partition",
          id: host.id,
          remedy: "Give the host another core dump partition (esxcli system coredump partition)",
        }
      : undefined,
  ];
  return uses.filter((use) => use !== undefined);
}

/** Refuses what would make its unmount fail; what could not be read of that becomes a warning. */
export function refuseBlockedUnmount(datastore: Datastore, observation: Observation, warnings: string[]): void {
  const uses = usesOf(datastore, observation);
  const [first] = uses;
  if (first !== undefined) {
    throw new PrepError(
      "UNMOUNT_BLOCKED",
      `Datastore ${datastore.name} (${datastore.id}) ${uses.map(({ use }) => use).join(", and ")}, so it cannot be unmounted.`,
      {
        found: {
          datastore: datastore.id,
          uses: uses.map(({ use, id }) => ({ use, ...(id === undefined ? {} : { id }) })),
        },
        hint: `${uses.map(({ remedy }) => `${remedy}.`).join(" ")} Then plan again.`,
      },
    );
  }
  for (const { what, error } of observation.hostFiles?.unread ?? []) {
    warnings.push(
      `Of host ${observation.host.name}, ${what} could not be read: whether it keeps datastore ${datastore.name} from being unmounted is not checked. ${error.message}`,
    );
  }
}

const DISABLED = {
  powerOff: "powered off",
  shutDownGuest: "shut down through its guest",
  unregister: "unregistered",
} as const satisfies Record<VmOperation, string>;

/**
 * vCenter lists what it does not allow on a VM, and its power state alone accounts for much of that: only what stands in
 * the way of the VM's next step counts. Of a VM whose files are out of reach the list says nothing.
 */
export function refuseDisabled(vms: readonly Vm[], next: (vm: Vm) => VmOperation): void {
  const blocked = vms.flatMap((vm) => {
    const operation = next(vm);
    const listed = vm.connectionState === "connected" && vm.disabled?.includes(operation) === true;
    return listed ? [{ vm, operation }] : [];
  });
  const [first] = blocked;
  if (first === undefined) return;
  throw new PrepError(
    "METHOD_DISABLED",
    `VM ${first.vm.name} (${first.vm.id}) cannot be ${DISABLED[first.operation]}: vCenter has that disabled for it.`,
    {
      found: {
        vms: blocked.map(({ vm: { id, name }, operation }) => ({ id, name, disabled: operation })),
      },
      hint: "Something holds the VM: a backup or another product that disabled the method, or a task that is under way. Let it end (the VM's tasks and events in vCenter name it), then plan again.",
    },
  );
}
