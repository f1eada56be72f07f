/** The family's VMFS signature: where else it is mounted, and which copies with it wait on the host. */
import { PrepError } from "../domain/errors.ts";
import type { Naa, VmfsUuid } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import { goldOf } from "../observe/kinds.ts";
import { isLabelledAs } from "../observe/leftover-datastores.ts";
import type { Observation } from "../observe/observe.ts";
import type { UnresolvedCopy } from "../ports/hypervisor.ts";
import type { DraftBuilder } from "./draft.ts";

interface Place {
  readonly datastore: string;
  readonly datacenter: string;
  readonly vmfsUuid: VmfsUuid;
  readonly host: string;
}

interface DisksOf {
  readonly vmfsUuid: VmfsUuid;
  readonly disks: readonly Naa[];
}

/** Hosts besides the target that have the signature mounted; a dead mount counts, since its disk may come back. */
const mountsElsewhere = ({ inventory, signatures, labelSignatures, host }: Observation): Place[] =>
  inventory.datastores
    .filter((one) => signatures.has(one.vmfsUuid) || labelSignatures.has(one.vmfsUuid))
    .flatMap(({ id, datacenterId, vmfsUuid, mounts }) =>
      mounts
        .filter((mount) => mount.mounted && mount.hostId !== host.id)
        .map((mount) => ({ datastore: id, datacenter: datacenterId, vmfsUuid, host: mount.hostId })),
    );

/**
 * Whether an unresolved copy is one of this LUN by its label, where nothing tells the LUN's signature. Disks of another
 * gold's family carry that one's, whatever the label.
 */
function isLabelledCopy(copy: UnresolvedCopy, { gold, array, signatures }: Observation): boolean {
  if (signatures.size > 0 || !isLabelledAs(gold, copy.label)) return false;
  return !copy.extents.every(({ naa }) => {
    const volume = array.volumes.find((one) => one.naa === naa);
    const top = volume === undefined ? undefined : goldOf(volume, array.volumes);
    return top?.kind === "gold" && top.id !== gold.id;
  });
}

/** The signature on the host's own disks: mounts, dead ones too, and unresolved copies that `removed` does not cover. */
function foreignDisksHere(
  observation: Observation,
  removed: ReadonlySet<Naa>,
): Record<"mounted" | "copies", DisksOf[]> {
  const { storage, signatures, labelSignatures, family } = observation;
  const ours = new Set(family.map((member) => member.naa));
  const isOurs = ({ vmfsUuid, disks }: DisksOf): boolean =>
    signatures.has(vmfsUuid) || labelSignatures.has(vmfsUuid) || disks.some((naa) => ours.has(naa));
  const staying = ({ disks }: DisksOf): boolean => !disks.every((naa) => removed.has(naa));
  return {
    mounted: storage.mounts
      .filter((mount) => mount.mounted)
      .map(({ vmfsUuid, extents }) => ({ vmfsUuid, disks: [...extents] }))
      .filter((volume) => isOurs(volume) && staying(volume)),
    copies: storage.unresolved
      .map((copy) => ({ copy, vmfsUuid: copy.vmfsUuid, disks: copy.extents.map((extent) => extent.naa) }))
      .filter((volume) => (isOurs(volume) || isLabelledCopy(volume.copy, observation)) && staying(volume))
      .map(({ vmfsUuid, disks }) => ({ vmfsUuid, disks })),
  };
}

/** What a mount's success rests on, besides the volume itself. */
export function signatureFact(draft: DraftBuilder, observation: Observation): void {
  const { mounted, copies } = foreignDisksHere(observation, new Set());
  draft.fact("signature", "The LUN's VMFS signature", {
    // Those in other Datacenters are in nobody's way, and come and go with the work of others on this LUN.
    "mounts elsewhere": mountsElsewhere(observation)
      .filter((place) => place.datacenter === observation.host.datacenter.id)
      .map((place) => `${place.datastore}@${place.host}`)
      .toSorted()
      .join(" "),
    "mounted disks": mounted
      .flatMap((one) => one.disks)
      .toSorted()
      .join(" "),
    "unresolved copies": copies
      .flatMap((one) => one.disks)
      .toSorted()
      .join(" "),
  });
}

/** The family's signature, where there is exactly one. */
export function signatureOf({ signatures }: Observation): { vmfsUuid?: VmfsUuid } {
  const [vmfsUuid] = signatures;
  return vmfsUuid === undefined || signatures.size > 1 ? {} : { vmfsUuid };
}

/**
 * A signature can be mounted once per Datacenter object: a force mount would fail with `VmfsAlreadyMounted`, and gold
 * would be merged with the other into one datastore. What this plan takes off the host (`removed`) does not count.
 */
export function checkSignature(observation: Observation, removed: ReadonlySet<Naa>, warnings: string[]): void {
  const { host, inventory, gold } = observation;
  const nameOf = (hostId: string): string => safeText(inventory.hosts.find((one) => one.id === hostId)?.name ?? hostId);
  const elsewhere = mountsElsewhere(observation);
  const near = elsewhere.filter((place) => place.datacenter === host.datacenter.id);
  if (near.length > 0) {
    throw new PrepError(
      "SIGNATURE_MOUNTED",
      `The VMFS signature of ${gold.name} is mounted on ${near.map((place) => nameOf(place.host)).join(", ")} in the same Datacenter (${host.datacenter.name}).`,
      {
        found: near,
        hint: "Clean up the other host first, or give each host a Datacenter of its own.",
      },
    );
  }
  const { mounted, copies } = foreignDisksHere(observation, removed);
  if (mounted.length > 0) {
    throw new PrepError(
      "SIGNATURE_MOUNTED",
      `The VMFS signature of ${gold.name} is mounted on the host itself, from a disk that is not this LUN's to clean up.`,
      { found: { host: host.id, mounted }, hint: "Unmount that volume on the host in vCenter, then plan again." },
    );
  }
  if (copies.length > 0) {
    throw new PrepError("COPY_AMBIGUOUS", "The host shows another unresolved VMFS copy with this LUN's signature.", {
      found: { host: host.id, copies },
      hint: "Unassign that disk from the host on the array and rescan, then plan again.",
    });
  }
  const far = [...new Set(elsewhere.map((place) => nameOf(place.host)))];
  if (far.length > 0) {
    warnings.push(
      `The same VMFS signature is mounted on ${far.join(", ")} in another Datacenter: VM identities and MAC addresses will exist twice.`,
    );
  }
}
