import { setTimeout as delay } from "node:timers/promises";
import { type LabHost, VimFault } from "../world/model.ts";
import { rescanHba, rescanVmfs } from "../world/rescan.ts";
import type { WorldState } from "../world/state.ts";
import {
  attachScsiLun,
  deleteScsiLunState,
  deleteVmfsVolumeState,
  detachScsiLun,
  forceMount,
  mountVmfs,
  resignature,
  unmountVmfs,
} from "../world/storage.ts";
import { EXTENSIBLE_MANAGED_OBJECT } from "./managed-entity.ts";
import type { Handler, SoapCall } from "./service/call.ts";
import { fileSystemVolumes, hasAdapter, live, storageDevices, vmfsVolume } from "./service/host-storage.ts";
import type { Lookups } from "./service/lookups.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { faultIn, hostOf, queryUnresolved, storageTask } from "./service/storage-call.ts";
import { records, text, texts } from "./wire/args.ts";
import { invalidArgument, objectNotFound, SoapFault } from "./wire/faults.ts";
import { Any, type Data } from "./wire/value.ts";

/** Does one thing to a host's storage. A text that it returns is the target for the log, else that is the key itself. */
type Act = (state: WorldState, hostId: string, key: string) => unknown;

function perform(call: SoapCall, act: Act, key: string): void {
  call.change(
    (state) => act(state, hostOf(call).id, key),
    (target) => [typeof target === "string" ? target : key],
  );
}

/** A rescan takes its time, and then acts on the host as it is by then. */
const rescan =
  (act: (state: WorldState, hostId: string) => void): Handler =>
  async (call) => {
    const { world } = call.vcenter;
    const { replaced: signal } = world;
    hostOf(call);
    if (world.latency.rescan > 0) await delay(world.latency.rescan, undefined, { signal }).catch(() => undefined);
    // Another world's host may bear the same id.
    if (signal.aborted) throw objectNotFound(call.self);
    const { id } = hostOf(call);
    call.change(
      (state) => act(state, id),
      () => [id],
    );
    return undefined;
  };

/** A method with one string, whose whole effect is the world's. */
const single =
  (parameter: string, act: Act): Handler =>
  (call) => {
    perform(call, act, text(call.args, parameter));
    return undefined;
  };

/** One act on each of a list, told one by one: the task succeeds also where some are refused. */
const each =
  (parameter: string, result: string, act: Act): Handler =>
  (call) => {
    const resultOf = (key: string): Data => {
      try {
        if (call.resultFault !== undefined) throw call.resultFault;
        perform(call, act, key);
        return { key };
      } catch (error) {
        return { key, fault: faultIn(error, call) };
      }
    };
    return storageTask(call, () => new Any(result, texts(call.args, parameter).map(resultOf), true));
  };

/** One resolution; a refusal is part of its result, as of vSphere 5. */
function resolveOne(call: SoapCall, spec: Data): Data {
  const { vcenter } = call;
  try {
    if (call.resultFault !== undefined) throw call.resultFault;
    const devicePaths = texts(spec, "extentDevicePath");
    const resolve = text(spec, "uuidResolution") === "resignature" ? resignature : forceMount;
    const mount = call.change(
      (state) => resolve(state, hostOf(call).id, ...devicePaths),
      ({ vmfsUuid }) => [vmfsUuid],
    );
    return { spec, vmfs: vmfsVolume(mount, vcenter.lookups) };
  } catch (error) {
    return { spec, fault: faultIn(error, call) };
  }
}

/** Checks a call that resolves copies; what it returns does it. */
function resolution(call: SoapCall): () => Data[] {
  const specs = records(call.args, "resolutionSpec");
  if (specs.some((spec) => !["forceMount", "resignature"].includes(text(spec, "uuidResolution")))) {
    throw invalidArgument("resolutionSpec.uuidResolution");
  }
  if (!hostOf(call).connected) {
    throw new VimFault("HostNotConnected", `Unable to communicate with the remote host ${hostOf(call).name}`);
  }
  return () => specs.map((spec) => resolveOne(call, spec));
}

const configures = (run: Handler) => needs("Host.Config.Storage", run);
const [VOLUME, LUN] = ["HostStorageSystemVmfsVolumeResult", "HostStorageSystemScsiLunResult"] as const;

export const HOST_STORAGE_SYSTEM = managedType<LabHost, Lookups>("HostStorageSystem", EXTENSIBLE_MANAGED_OBJECT, {
  properties: {
    "storageDeviceInfo HostStorageDeviceInfo?": (host, lookups) => live(host, () => storageDevices(host, lookups)),
    "fileSystemVolumeInfo HostFileSystemVolumeInfo": (host, lookups) =>
      live(host, () => fileSystemVolumes(host, lookups)),
  },
  unset: "systemFile string*, multipathStateInfo anyType?",
  methods: {
    "RescanAllHba()": configures(rescan(rescanHba)),
    "RescanHba(hbaDevice string)": configures((call) => {
      if (!hasAdapter(hostOf(call), text(call.args, "hbaDevice"))) {
        throw new SoapFault("NotFound", "There is no such adapter.");
      }
      return rescan(rescanHba)(call);
    }),
    "RescanVmfs()": configures(rescan(rescanVmfs)),
    // Looks for volumes on the disks that are known, not for new disks.
    "RefreshStorageSystem()": configures(rescan(rescanVmfs)),
    "UnmountVmfsVolume(vmfsUuid string)": configures(single("vmfsUuid", unmountVmfs)),
    "MountVmfsVolume(vmfsUuid string)": configures(single("vmfsUuid", mountVmfs)),
    "DetachScsiLun(lunUuid string)": configures(single("lunUuid", detachScsiLun)),
    "AttachScsiLun(lunUuid string)": configures(single("lunUuid", attachScsiLun)),
    "UnmountVmfsVolumeEx_Task(vmfsUuid string+) -> &Task": configures(each("vmfsUuid", VOLUME, unmountVmfs)),
    "MountVmfsVolumeEx_Task(vmfsUuid string+) -> &Task": configures(each("vmfsUuid", VOLUME, mountVmfs)),
    "DetachScsiLunEx_Task(lunUuid string+) -> &Task": configures(each("lunUuid", LUN, detachScsiLun)),
    "AttachScsiLunEx_Task(lunUuid string+) -> &Task": configures(each("lunUuid", LUN, attachScsiLun)),
    "DeleteScsiLunState(lunCanonicalName string)": configures(single("lunCanonicalName", deleteScsiLunState)),
    "DeleteVmfsVolumeState(vmfsUuid string)": configures(single("vmfsUuid", deleteVmfsVolumeState)),
    "QueryUnresolvedVmfsVolume() -> HostUnresolvedVmfsVolume*": needs("System.Read", queryUnresolved),
    "ResolveMultipleUnresolvedVmfsVolumes(resolutionSpec HostUnresolvedVmfsResolutionSpec+) -> HostUnresolvedVmfsResolutionResult*":
      configures((call) => resolution(call)()),
    "ResolveMultipleUnresolvedVmfsVolumesEx_Task(resolutionSpec HostUnresolvedVmfsResolutionSpec+) -> &Task":
      configures((call) => {
        const resolve = resolution(call);
        return storageTask(call, () => new Any("HostUnresolvedVmfsResolutionResult", resolve(), true));
      }),
  },
});
