/** HostStorageSystem and HostDatastoreSystem: the same work as tasks, on several things at once. */

import { type Call, type Handler, startTask } from "../service/call.ts";
import { optionalRecord, texts } from "../wire/args.ts";
import { Any, type Data, Ref } from "../wire/value.ts";
import { faultIn, hostOf, resolution } from "./storage.ts";

function storageTask(call: Call, name: string, run: () => Any): Ref {
  const host = hostOf(call);
  const what = `${name.charAt(0).toLowerCase()}${name.slice(1).replace(/_Task$/, "")}`;
  return startTask(call, {
    name,
    descriptionId: `host.${call.self.type.replace(/^Host/, "")}.${what}`,
    entity: { ref: new Ref("HostSystem", host.id), name: host.name },
    cancelable: false,
    run,
  });
}

type Act = (hostId: string, key: string, by: string, op: string) => void;

/** One act on each of a list, told one by one: the task succeeds also where some are refused. */
const each =
  (name: string, parameter: string, result: string, actOf: (call: Call) => Act): Handler =>
  (call) => {
    const act = actOf(call);
    const one = (key: string): Data => {
      try {
        act(hostOf(call).id, key, call.session.user, name);
        return { key };
      } catch (error) {
        return { key, fault: faultIn(error, call) };
      }
    };
    return storageTask(call, name, () => new Any(result, texts(call.args, parameter).map(one), true));
  };

function resignatureOne(call: Call): Any {
  const { vcenter, session } = call;
  const [devicePath = ""] = texts(optionalRecord(call.args, "resolutionSpec") ?? {}, "extentDevicePath");
  const host = hostOf(call);
  const { datastoreId } = vcenter.world.resignature(
    host.id,
    devicePath,
    session.user,
    "ResignatureUnresolvedVmfsVolume_Task",
  );
  return new Any("HostResignatureRescanResult", {
    rescan: [{ host: new Ref("HostSystem", host.id) }],
    result: new Ref("Datastore", datastoreId),
  });
}

const [VOLUME, LUN] = ["HostStorageSystemVmfsVolumeResult", "HostStorageSystemScsiLunResult"] as const;

export const STORAGE_TASKS: Readonly<Record<string, Handler>> = {
  UnmountVmfsVolumeEx_Task: each("UnmountVmfsVolumeEx_Task", "vmfsUuid", VOLUME, ({ vcenter: { world } }) =>
    world.unmountVmfs.bind(world),
  ),
  MountVmfsVolumeEx_Task: each("MountVmfsVolumeEx_Task", "vmfsUuid", VOLUME, ({ vcenter: { world } }) =>
    world.mountVmfs.bind(world),
  ),
  DetachScsiLunEx_Task: each("DetachScsiLunEx_Task", "lunUuid", LUN, ({ vcenter: { world } }) =>
    world.detachScsiLun.bind(world),
  ),
  AttachScsiLunEx_Task: each("AttachScsiLunEx_Task", "lunUuid", LUN, ({ vcenter: { world } }) =>
    world.attachScsiLun.bind(world),
  ),
  ResolveMultipleUnresolvedVmfsVolumesEx_Task: (call) => {
    const name = "ResolveMultipleUnresolvedVmfsVolumesEx_Task";
    const resolve = resolution(call, name);
    return storageTask(call, name, () => new Any("HostUnresolvedVmfsResolutionResult", resolve(), true));
  },
  ResignatureUnresolvedVmfsVolume_Task: (call) =>
    storageTask(call, "ResignatureUnresolvedVmfsVolume_Task", () => resignatureOne(call)),
};
