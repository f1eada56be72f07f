/** What would let a step fail half-way, seen before the first change. */
import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Observation } from "../observe/observe.ts";
import type { Datastore, Vm } from "../ports/hypervisor.ts";

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

/** Uses of a datastore that an unmount fails of with `ResourceInUse`, with what ends each. */
function usesOf({ storagePod, ioControl }: Datastore): { use: string; id?: string; remedy: string }[] {
  return [
    ...(storagePod === undefined
      ? []
      : [{ use: "is in a datastore cluster", id: storagePod, remedy: "Move it out of the datastore cluster" }]),
    ...(ioControl === true
      ? [{ use: "has Storage I/O Control enabled", remedy: "Disable Storage I/O Control on it" }]
      : []),
  ];
}

export function refuseBlockedUnmount(datastore: Datastore): void {
  const uses = usesOf(datastore);
  if (uses.length === 0) return;
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
