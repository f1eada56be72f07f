/** HostStorageSystem and HostDatastoreSystem: what is answered when it is done. The tasks are in storage-tasks.ts. */
import { setTimeout as delay } from "node:timers/promises";
import { type LabHost, VimFault } from "../../world/model.ts";
import { hasAdapter, unresolvedVolumes, vmfsVolume } from "../props-storage.ts";
import type { Call, Handler } from "../service/call.ts";
import { records, text, texts } from "../wire/args.ts";
import { asSoapFault, invalidArgument, localized, objectNotFound, SoapFault } from "../wire/faults.ts";
import type { Data } from "../wire/value.ts";

/** The host that a storage or datastore system belongs to. */
export function hostOf({ vcenter, self }: Call): LabHost {
  const host = vcenter.world.model.hosts.find(
    (one) => one.storageSystem === self.id || one.datastoreSystem === self.id,
  );
  if (host === undefined) throw objectNotFound(self);
  return host;
}

/** A rescan takes its time, and then acts on the host as it is by then. */
async function rescan(call: Call, act: (hostId: string) => void): Promise<undefined> {
  const { world } = call.vcenter;
  const { generation } = world;
  hostOf(call);
  if (world.latency.rescan > 0) await delay(world.latency.rescan);
  // Another world's host may bear the same id.
  if (world.generation !== generation) throw objectNotFound(call.self);
  act(hostOf(call).id);
}

type Act = (hostId: string, argument: string, by: string) => void;

/** A method with one string, whose whole effect is the world's. */
const simple =
  (parameter: string, actOf: (call: Call) => Act): Handler =>
  (call) =>
    void actOf(call)(hostOf(call).id, text(call.args, parameter), call.session.user);

/** One resolution; a refusal is part of its result, as of vSphere 5. */
function resolveOne(call: Call, spec: Data, op: string): Data {
  const { vcenter, session } = call;
  const result = { spec };
  try {
    const [devicePath = ""] = texts(spec, "extentDevicePath");
    const how = text(spec, "uuidResolution") === "resignature" ? "resignature" : "forceMount";
    const mount = vcenter.world[how](hostOf(call).id, devicePath, session.user, op);
    return { ...result, vmfs: vmfsVolume(mount, vcenter.inventory) };
  } catch (error) {
    return { ...result, fault: faultIn(error, call) };
  }
}

/** What went wrong with one of several things, for its place in the result. */
export const faultIn = (error: unknown, { vcenter }: Call): Data =>
  localized(asSoapFault(error, (id) => vcenter.inventory.refOf(id)));

/** Checks a call that resolves copies; what it gives does it, and logs it as `op`. */
export function resolution(call: Call, op: string): () => Data[] {
  const specs = records(call.args, "resolutionSpec");
  if (specs.some((spec) => !["forceMount", "resignature"].includes(text(spec, "uuidResolution")))) {
    throw invalidArgument("resolutionSpec.uuidResolution");
  }
  if (!hostOf(call).connected) {
    throw new VimFault("HostNotConnected", `Unable to communicate with the remote host ${hostOf(call).name}`);
  }
  return () => specs.map((spec) => resolveOne(call, spec, op));
}

const unresolved: Handler = (call) => unresolvedVolumes(hostOf(call), call.vcenter.inventory);

const rescanAdapters: Handler = (call) => {
  const { world } = call.vcenter;
  return rescan(call, (hostId) => world.rescanHba(hostId, call.session.user));
};

const rescanVolumes: Handler = (call) => {
  const { world } = call.vcenter;
  return rescan(call, (hostId) => world.rescanVmfs(hostId, call.session.user));
};

export const STORAGE_METHODS: Readonly<Record<string, Handler>> = {
  RescanAllHba: rescanAdapters,
  RescanHba: (call) => {
    if (!hasAdapter(hostOf(call), text(call.args, "hbaDevice")))
      throw new SoapFault("NotFound", "There is no such adapter.");
    return rescanAdapters(call);
  },
  RescanVmfs: rescanVolumes,
  // Looks for volumes on the disks that are known, not for new disks.
  RefreshStorageSystem: rescanVolumes,
  UnmountVmfsVolume: simple("vmfsUuid", ({ vcenter: { world } }) => world.unmountVmfs.bind(world)),
  MountVmfsVolume: simple("vmfsUuid", ({ vcenter: { world } }) => world.mountVmfs.bind(world)),
  DetachScsiLun: simple("lunUuid", ({ vcenter: { world } }) => world.detachScsiLun.bind(world)),
  AttachScsiLun: simple("lunUuid", ({ vcenter: { world } }) => world.attachScsiLun.bind(world)),
  DeleteScsiLunState: simple("lunCanonicalName", ({ vcenter: { world } }) => world.deleteScsiLunState.bind(world)),
  DeleteVmfsVolumeState: simple("vmfsUuid", ({ vcenter: { world } }) => world.deleteVmfsVolumeState.bind(world)),
  QueryUnresolvedVmfsVolume: unresolved,
  QueryUnresolvedVmfsVolumes: unresolved,
  ResolveMultipleUnresolvedVmfsVolumes: (call) => resolution(call, "ResolveMultipleUnresolvedVmfsVolumes")(),
};
