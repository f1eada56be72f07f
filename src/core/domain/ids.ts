/** Branded identifiers. Names are for people; only these cross into execution. */

declare const brand: unique symbol;
type Branded<T extends string> = string & { readonly [brand]: T };

/** The array's volume id, opaque, unique on the array. */
export type VolumeId = Branded<"VolumeId">;
/** The array's snapshot id. */
export type SnapshotId = Branded<"SnapshotId">;
/** The array's client id. */
export type ClientId = Branded<"ClientId">;
/** The array's assignment id. */
export type AssignmentId = Branded<"AssignmentId">;
/** Canonical SCSI device name on ESXi: `naa.` and 32 (or 16) lower-case hex digits. */
export type Naa = Branded<"Naa">;
/** VMFS signature, as vim25 prints it (`5f1a2b3c-…`). A gold volume and all its clones share one. */
export type VmfsUuid = Branded<"VmfsUuid">;
/** Managed object reference value, such as `vm-42`; unique within one vCenter. */
export type MoRef = Branded<"MoRef">;

export const asVolumeId = (raw: string): VolumeId => raw as VolumeId;
export const asSnapshotId = (raw: string): SnapshotId => raw as SnapshotId;
export const asClientId = (raw: string): ClientId => raw as ClientId;
export const asAssignmentId = (raw: string): AssignmentId => raw as AssignmentId;
export const asVmfsUuid = (raw: string): VmfsUuid => raw as VmfsUuid;
export const asMoRef = (raw: string): MoRef => raw as MoRef;

/**
 * Brings a LUN GUID in any of the spellings arrays and hosts use to the canonical device name.
 * `6000…`, `naa.6000…`, `0x6000…`, `wwn-0x…`, with colons or dashes → `naa.6000…`; a device name of another scheme
 * (`eui.…`, `t10.…`) is kept, lower-cased.
 */
export function naaOf(guid: string): Naa {
  const raw = guid.trim().toLowerCase();
  if (/^(eui|t10|uuid|mpx)\./.test(raw)) return raw as Naa;
  const hex = raw
    .replace(/^(naa\.|wwn-)/, "")
    .replace(/^0x/, "")
    .replace(/[:\s-]/g, "");
  // A 33-digit value that starts with 3 is a Linux multipath WWID: the type digit, then the NAA.
  const digits = hex.length === 33 && hex.startsWith("3") ? hex.slice(1) : hex;
  return `naa.${digits}` as Naa;
}
