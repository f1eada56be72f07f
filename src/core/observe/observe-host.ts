/** What can be told of a request from the hypervisor's side alone, where no array can be asked. */
import { PrepError } from "../domain/errors.ts";
import { asClientId, asVolumeId, type ClientId, type VmfsUuid, type VolumeId } from "../domain/ids.ts";
import { plainName, type SafeText, safeText } from "../domain/safe-text.ts";
import type { Datastore, Host, HostStorage, HypervisorReader, Inventory, Vm, VmDevice } from "../ports/hypervisor.ts";
import type { Request } from "../request/request.ts";
import { refuseBlindSpots } from "./blind-spots.ts";
import { isLabelledAs } from "./leftover-datastores.ts";
import { findHost, refuseDisconnected } from "./locate.ts";
import { devicesOf } from "./observe.ts";

/** The LUN and the client are what was asked for: nobody has checked that the array has them. */
export interface HostObservation {
  readonly gold: { readonly id: VolumeId; readonly name: SafeText; readonly naa: string };
  readonly client: { readonly id: ClientId; readonly name: SafeText };
  readonly host: Host;
  readonly inventory: Inventory;
  readonly storage: HostStorage;
  /** On the host, and by label or signature the LUN's. */
  readonly datastores: readonly Datastore[];
  /** What else of VMFS the host has mounted. */
  readonly others: readonly Datastore[];
  /** VMs that use one of `datastores`, and the devices of those that use more than one. */
  readonly vms: readonly Vm[];
  readonly devices: readonly VmDevice[];
  readonly signatures: ReadonlySet<VmfsUuid>;
}

/** A resignatured copy gets `snap-` and eight digits before its label. */
const labelOf = (name: string): string => name.replace(/^snap-[0-9a-f]{8}-/, "");

/** Whether a datastore or a mount is the LUN's, by all that the hypervisor tells. */
export const isOfLun = (
  { label, vmfsUuid }: { readonly label: string; readonly vmfsUuid: VmfsUuid },
  lun: string,
  signatures: ReadonlySet<VmfsUuid>,
): boolean => isLabelledAs({ name: lun }, labelOf(label)) || signatures.has(vmfsUuid);

/** `known`: signatures that earlier plans have seen on the LUN's datastores. */
export async function observeHost(
  request: Request,
  hypervisor: HypervisorReader,
  loadKnownSignatures: (goldId: string) => Promise<ReadonlySet<VmfsUuid>>,
): Promise<HostObservation> {
  if (!request.paired) {
    throw new PrepError(
      "PAIR_CONFLICT",
      `No configured pair has client ${safeText(request.client)} and host ${safeText(request.host)}, and no array can be asked.`,
      { hint: "Add the two to `pairs` in the configuration, if they belong together." },
    );
  }
  const inventory = await hypervisor.inventory();
  const host = await findHost(request.host, inventory, hypervisor);
  refuseBlindSpots(host, inventory);
  refuseDisconnected(host);
  const gold = { id: asVolumeId(request.lun), name: plainName(request.lun), naa: "unknown" };
  const known = await loadKnownSignatures(gold.id);
  const here = inventory.datastores.filter(
    ({ datacenterId, mounts }) =>
      datacenterId === host.datacenter.id && mounts.some(({ hostId, mounted }) => hostId === host.id && mounted),
  );
  const datastores = here.filter(({ name, vmfsUuid }) => isOfLun({ label: name, vmfsUuid }, request.lun, known));
  const { storage, vms } = await hypervisor.hostStorageAndVms(
    host,
    datastores.map(({ id }) => id),
  );
  const devices = await devicesOf(vms, here, hypervisor);
  return {
    gold,
    client: { id: asClientId(request.client), name: plainName(request.client) },
    host,
    inventory,
    storage,
    datastores,
    others: here.filter((datastore) => !datastores.includes(datastore)),
    vms,
    devices,
    signatures: new Set([...known, ...datastores.map(({ vmfsUuid }) => vmfsUuid)]),
  };
}
