import * as z from "zod";
import { LAG_KINDS } from "../lag.ts";
import type { LabDatastore, LabMount, LabVm, LabVolume } from "../model.ts";
import type { Pair } from "../scenario-parts.ts";
import { datastoreById, usable, volumeByNaa, type WorldState } from "../state.ts";

export const TOUCHES = [
  "power-on",
  "power-off",
  "suspend",
  "register-vm",
  "unregister-vm",
  "rename-vm",
  "orphan-vm",
  "lose-path",
  "move-vm",
  "foreign-disk",
  "no-tools",
  "tools-starting",
  "guest-ignores-shutdown",
  "new-snapshot",
  "delete-snapshot",
  "snapshot-clone",
  "fill-array",
  "assign",
  "unassign",
  "rename-volume",
  "rename-client",
  "rename-host",
  "readdress-client",
  "unreadable-folder",
  "add-places",
  "span-datastore",
  "share-datastore",
  "stray-copy",
  "disconnect-host",
  "reboot-host",
  "lag",
  "copies-unresolvable",
  "lose-disk",
  "power-off-fails",
  "duplicate-guid",
  "question",
  "managed-vm",
  "fault-tolerance",
  "snapshot-elsewhere",
  "datastore-cluster",
  "io-control",
  "ha-heartbeat",
  "host-files",
  "maintenance-mode",
  "disabled-method",
  "restricted-role",
  "deny-privilege",
  "unreadable",
] as const;

/** Longer than any product of the field allows: what a product does with such names is for a test to find out. */
const Ref = z.string().min(1).max(8_000).optional();

const Count = z.int().min(0).max(1_000_000).optional();

/**
 * What to change, and on which things, by id or name; what is left out is picked. `name` is the new name (or address,
 * or folder) of what gets one; a new snapshot's may be given as `snapshot` too.
 */
export const Touch = z.strictObject({
  what: z.enum(TOUCHES),
  client: Ref,
  host: Ref,
  lun: Ref,
  vm: Ref,
  snapshot: Ref,
  name: Ref,
  /** For `foreign-disk`. */
  device: z.enum(["disk", "cdrom"]).optional(),
  /** For `lag`: what is late, and how late; a volume by one rescan when left out. 0 ends it. */
  kind: z.enum(LAG_KINDS).optional(),
  rescans: Count,
  reads: Count,
  ms: Count,
  /** For `tools-starting`: how many shutdowns are refused before they run; 2 when left out. */
  refusals: Count,
  /** For `power-off-fails`. */
  fault: Ref,
  /** For `host-files`. */
  use: z.enum(["scratch", "syslog", "coredump"]).optional(),
  /** For `disabled-method`: of what, and which one. */
  of: z.enum(["vm", "datastore", "host"]).optional(),
  method: Ref,
  /** For `restricted-role`: all that the account's role holds besides the right to look. */
  privileges: z.array(z.string().min(1).max(200)).optional(),
  /** For `deny-privilege`. */
  privilege: Ref,
  /** For `deny-privilege` and `unreadable`: a managed object's id. */
  object: Ref,
  /** For `unreadable`: one property, or all when left out. */
  property: Ref,
});
export type Touch = z.infer<typeof Touch>;

/** There is nothing in this world that the touch could be done to. */
export class TouchError extends Error {}

export function pick<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TouchError(`there is no ${what} for this`);
  return value;
}

const named = (ref: string | undefined, one: { id: string; name: string }): boolean =>
  ref === undefined || one.id === ref || one.name === ref;

/** The client and host meant; by default the first whose host lists a VMFS volume, else the first. */
export function pairOf(state: WorldState, { client, host }: Touch): Pair {
  const { model } = state;
  const pairs = model.hosts.flatMap((labHost) => {
    const its = model.clients.find(({ id }) => id === labHost.clientId);
    return its !== undefined && named(host, labHost) && named(client, its) ? [{ client: its, host: labHost }] : [];
  });
  return pick(pairs.find((pair) => pair.host.mounts.length > 0) ?? pairs[0], "such client or host");
}

/** A gold volume by id or name; by default the one whose family the pair holds, else the array's first. */
export function goldOf(state: WorldState, touch: Touch): LabVolume {
  const golds = state.model.volumes.filter(({ kind }) => kind === "gold");
  if (touch.lun !== undefined) {
    return pick(
      golds.find((gold) => named(touch.lun, gold)),
      `gold volume ${touch.lun}`,
    );
  }
  const held = assignedTo(state, touch)?.volume.header.naa;
  return pick(golds.find((candidate) => candidate.header.naa === held) ?? golds[0], "gold volume");
}

/** The first volume assigned to the pair; with `lun`, that volume or one of that family. */
export function assignedTo(
  state: WorldState,
  touch: Touch,
): { assignmentId: string; volume: LabVolume; pair: Pair } | undefined {
  const { model } = state;
  const pair = pairOf(state, touch);
  const family = model.volumes.find((candidate) => named(touch.lun, candidate))?.header.naa;
  for (const { id, clientId, volumeId } of model.assignments) {
    const volume = model.volumes.find((candidate) => candidate.id === volumeId);
    if (clientId !== pair.client.id || volume === undefined) continue;
    if (named(touch.lun, volume) || volume.header.naa === family) return { assignmentId: id, volume, pair };
  }
  return undefined;
}

/** The usable mount of what is assigned to the pair. */
export function mountOf(
  state: WorldState,
  touch: Touch,
): { pair: Pair; mount: LabMount; datastore: LabDatastore; volume: LabVolume } {
  const pair = pairOf(state, touch);
  const held = assignedTo(state, touch)?.volume.guid;
  const mounts = pair.host.mounts.filter(usable);
  const mount = pick(mounts.find(({ naas }) => naas.includes(`naa.${held}`)) ?? mounts[0], "mounted datastore");
  const volume = pick(volumeByNaa(state, mount.naas[0] ?? ""), "volume below the datastore");
  return { pair, mount, datastore: datastoreById(state, mount.datastoreId), volume };
}

/** A VM by id or name, on the pair if it has one of that name; else the pair's first that `fits`. */
export function vmOf(state: WorldState, touch: Touch, fits: (vm: LabVm) => boolean): LabVm {
  const { host } = pairOf(state, touch);
  const here = state.model.vms.filter((vm) => vm.hostId === host.id);
  if (touch.vm === undefined) return pick(here.find(fits), "VM");
  return pick(
    [...here, ...state.model.vms].find((vm) => named(touch.vm, vm)),
    `VM ${touch.vm}`,
  );
}
