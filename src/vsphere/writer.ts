import pLimit from "p-limit";
import type { MoRef } from "../core/domain/ids.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { BatchOutcome, EachProgress, Host, HypervisorWriter, VmxFile } from "../core/ports/hypervisor.ts";
import type { Clock } from "../core/ports/runtime.ts";
import { localizedFault } from "./fault.ts";
import { garbage, isFault, refusal } from "./faults.ts";
import { shutDownGuests } from "./guests.ts";
import { escapedPath } from "./names.ts";
import type { OperationName } from "./operations.ts";
import { ALREADY_DONE, type Session } from "./session.ts";
import type { SoapCall } from "./soap.ts";
import { createStillNeeded, type StillNeeded } from "./still-needed.ts";
import type { Tasks } from "./tasks.ts";
import { at, list, reference, refTo } from "./values.ts";
import type { XmlNode } from "./xml-writer.ts";

/** How many of one kind are under way at once, from the call to its task's end. */
export interface VsphereLimits {
  readonly powerOff: number;
  readonly unregister: number;
  readonly register: number;
}

type Limit = <T>(job: () => Promise<T>) => Promise<T>;

export function createWriter(options: {
  session: Session;
  tasks: Tasks;
  clock: Clock;
  limits: VsphereLimits;
}): HypervisorWriter {
  const { session, tasks } = options;
  const limited = (count: number): Limit => {
    const limit = pLimit(count);
    return (job) => limit(job);
  };
  const powerOffLimit = limited(options.limits.powerOff);
  const unregisterLimit = limited(options.limits.unregister);
  const registerLimit = limited(options.limits.register);

  const stillNeeded = createStillNeeded(session);

  /** One call on the host's storage system. */
  const onStorage = async (
    host: Host,
    operation: OperationName,
    args: XmlNode,
    action: string,
    needed?: () => Promise<boolean>,
  ): Promise<unknown> => {
    const _this = refTo("HostStorageSystem", host.storageSystem);
    return session.call({
      operation,
      args: { _this, ...args },
      action,
      ...(needed === undefined ? {} : { stillNeeded: needed }),
    });
  };

  const rescanVolumes = async (host: Host): Promise<void> => {
    await onStorage(host, "RescanVmfs", {}, `rescan the VMFS volumes of host ${host.id}`);
  };

  return {
    powerOff: (vms, progress) => {
      if (vms.length > 0) tasks.prepare();
      return batch(vms, powerOffLimit, progress, async (id) => {
        await runTask(session, tasks, {
          operation: "PowerOffVM_Task",
          args: { _this: refTo("VirtualMachine", id) },
          action: `power off ${id}`,
          stillNeeded: stillNeeded.runs(id),
        }).catch(unless("InvalidPowerState"));
      });
    },

    shutDownGuests: (vms, timeoutMs, progress) =>
      shutDownGuests({ session, clock: options.clock }, vms, { timeoutMs, progress, atOnce: powerOffLimit }),

    unregister: (vms, progress) =>
      batch(vms, unregisterLimit, progress, async (id) => {
        const args = { _this: refTo("VirtualMachine", id) };
        await session
          .call({
            operation: "UnregisterVM",
            args,
            action: `unregister ${id}`,
            stillNeeded: stillNeeded.registered(id),
          })
          .catch(unless("ManagedObjectNotFound"));
      }),

    register: async (files, where, progress) => {
      if (files.length > 0) tasks.prepare();
      const made = new Map<string, { vmId?: MoRef; alreadyThere?: boolean }>();
      const outcomes = await batch(
        files.map((each) => each.path),
        registerLimit,
        progress,
        async (_path, index) => {
          const file = files[index];
          if (file !== undefined) made.set(file.path, await registerOne({ session, tasks, stillNeeded }, file, where));
        },
      );
      return outcomes.map((each) => ({ ...each, ...made.get(each.id) }));
    },

    unmount: async (host, vmfsUuid) => {
      const action = `unmount VMFS volume ${vmfsUuid} on host ${host.id}`;
      await onStorage(host, "UnmountVmfsVolume", { vmfsUuid }, action, stillNeeded.mounted(host, vmfsUuid));
    },
    mount: async (host, vmfsUuid) => {
      const action = `mount VMFS volume ${vmfsUuid} on host ${host.id}`;
      await onStorage(host, "MountVmfsVolume", { vmfsUuid }, action, stillNeeded.unmounted(host, vmfsUuid));
    },
    forceMount: async (host, devicePath) => {
      const action = `mount the copy on ${devicePath} on host ${host.id}`;
      // The literal is `forceMount`; the reference's prose says otherwise.
      const resolutionSpec = [{ extentDevicePath: [devicePath], uuidResolution: "forceMount" }];
      const needed = stillNeeded.unresolved(host, devicePath);
      const results = await onStorage(host, "ResolveMultipleUnresolvedVmfsVolumes", { resolutionSpec }, action, needed);
      // The call succeeds also when the mount does not.
      for (const each of list(results)) {
        const fault = localizedFault(at(each, "fault"));
        if (fault !== undefined) throw refusal(fault, action, "ResolveMultipleUnresolvedVmfsVolumes");
      }
    },
    detach: async (host, lunUuid) => {
      const action = `detach disk ${lunUuid} from host ${host.id}`;
      await onStorage(host, "DetachScsiLun", { lunUuid }, action, stillNeeded.attached(host, lunUuid));
    },
    attach: async (host, lunUuid) => {
      const action = `attach disk ${lunUuid} to host ${host.id}`;
      await onStorage(host, "AttachScsiLun", { lunUuid }, action, stillNeeded.detached(host, lunUuid));
    },
    forgetDevice: async (host, naa) => {
      const action = `forget the detached disk ${naa} on host ${host.id}`;
      // The host lists no disk that is only remembered: that there is none to forget is told by the call itself.
      await onStorage(host, "DeleteScsiLunState", { lunCanonicalName: naa }, action).catch(unless("NotFound"));
    },
    rescan: async (host) => {
      // Disks come with the first, the volumes on them with the second.
      await onStorage(host, "RescanAllHba", {}, `rescan the adapters of host ${host.id}`);
      await rescanVolumes(host);
    },
    rescanVolumes,
  };
}

/** Each of `ids` under the limit; one that fails does not stop the others. */
async function batch<Id extends string>(
  ids: readonly Id[],
  limit: Limit,
  progress: EachProgress<Id> | undefined,
  job: (id: Id, index: number) => Promise<void>,
): Promise<BatchOutcome[]> {
  let done = 0;
  const one = async (id: Id, index: number): Promise<BatchOutcome<Id>> => {
    const error = await job(id, index).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
    done += 1;
    const ended = error === undefined ? { id } : { id, error };
    progress?.(done, ids.length, ended);
    return ended;
  };
  return Promise.all(ids.map((id, index) => limit(() => one(id, index))));
}

/** Starts a task and waits for its end: its result, or `ALREADY_DONE`. */
async function runTask(session: Session, tasks: Tasks, call: SoapCall): Promise<unknown> {
  const answer = await session.call(call);
  if (answer === ALREADY_DONE) return ALREADY_DONE;
  const task = reference(answer);
  if (task === undefined) throw garbage(call.action, { missing: "the task's reference" });
  return tasks.wait(task, call);
}

async function registerOne(
  { session, tasks, stillNeeded }: { session: Session; tasks: Tasks; stillNeeded: StillNeeded },
  file: VmxFile,
  { host, folder, pool }: { host: Host; folder: MoRef; pool: MoRef },
): Promise<{ vmId?: MoRef; alreadyThere?: boolean }> {
  try {
    const result = await runTask(session, tasks, {
      operation: "RegisterVM_Task",
      args: {
        _this: refTo("Folder", folder),
        path: escapedPath(file.path),
        // No name: the VMX's own display name is taken.
        asTemplate: file.template,
        // A template belongs to a host and to no pool.
        ...(file.template ? {} : { pool: refTo("ResourcePool", pool) }),
        host: refTo("HostSystem", host.id),
      },
      action: `register ${safeText(file.path)}`,
      stillNeeded: stillNeeded.unregistered(file.path, host),
    });
    if (result === ALREADY_DONE) return { alreadyThere: true };
    const vmId = reference(result)?.id;
    return vmId === undefined ? {} : { vmId };
  } catch (thrown) {
    if (isFault(thrown, "AlreadyExists")) return { alreadyThere: true };
    throw thrown;
  }
}

/** Swallows faults of one type: what was asked for is so already. */
const unless =
  (type: string) =>
  (thrown: unknown): undefined => {
    if (!isFault(thrown, type)) throw thrown;
    return undefined;
  };
