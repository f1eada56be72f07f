/** What a host, and the cluster that it stands in, keep on datastores besides VMs. */
import { PrepError } from "../core/domain/errors.ts";
import type { MoRef } from "../core/domain/ids.ts";
import type { Host, HostFiles } from "../core/ports/hypervisor.ts";
import { isFault } from "./faults.ts";
import type { Session } from "./session.ts";
import { list, reference, refTo, text } from "./values.ts";

const OPTIONS = {
  scratch: "ScratchConfig.CurrentScratchLocation",
  syslog: "Syslog.global.logDir",
} as const;

/** Two or three calls side by side: an option at a time, since all of them would be a thousand. */
export async function readHostFiles(session: Session, host: Host): Promise<HostFiles> {
  const unread: { what: string; error: PrepError }[] = [];
  const attempt = async <T>(what: string, read: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await read();
    } catch (error) {
      // It is worth a warning, and no plan less: the unmount itself says so too.
      if (!(error instanceof PrepError) || error.code !== "REMOTE_FAULT") throw error;
      unread.push({ what, error });
      return [];
    }
  };
  const folderOf = (use: keyof typeof OPTIONS): Promise<HostFiles["folders"][number][]> =>
    attempt(`its ${use} location`, async () => {
      const path = await readOption(session, host, OPTIONS[use]);
      return path === undefined ? [] : [{ use, path }];
    });
  const [scratch, syslog, heartbeats] = await Promise.all([
    folderOf("scratch"),
    folderOf("syslog"),
    host.clustered === true ? attempt("vSphere HA's heartbeats", () => readHeartbeats(session, host)) : [],
  ]);
  return { folders: [...scratch, ...syslog], heartbeats, unread };
}

/** `OptionManager.QueryOptions`; `InvalidName` where the host has no such option. */
async function readOption(session: Session, host: Host, name: string): Promise<string | undefined> {
  if (host.optionManager === undefined) return undefined;
  try {
    const found = await session.call({
      operation: "QueryOptions",
      args: { _this: refTo("OptionManager", host.optionManager), name },
      action: `report the option ${name} of host ${host.id}`,
    });
    return text(
      list(found).find((option) => text(option, "key") === name),
      "value",
    );
  } catch (thrown) {
    if (isFault(thrown, "InvalidName")) return undefined;
    throw thrown;
  }
}

/** `ClusterComputeResource.RetrieveDasAdvancedRuntimeInfo`, which is without a result where HA is off. */
async function readHeartbeats(session: Session, host: Host): Promise<MoRef[]> {
  const info = await session.call({
    operation: "RetrieveDasAdvancedRuntimeInfo",
    args: { _this: refTo("ClusterComputeResource", host.computeResource) },
    action: `report the heartbeat datastores of cluster ${host.computeResource}`,
  });
  return list(info, "heartbeatDatastoreInfo").flatMap((each) => {
    const datastore = reference(each, "datastore");
    const isOurs = list(each, "hosts").some((one) => reference(one)?.id === host.id);
    return datastore === undefined || !isOurs ? [] : [datastore.id];
  });
}
