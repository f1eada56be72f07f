/** What calls on a host's storage and datastore systems share. */
import { setTimeout as delay } from "node:timers/promises";
import type { LabHost } from "../../world/model.ts";
import { asSoapFault, localized, objectNotFound } from "../wire/faults.ts";
import { type Any, type Data, Ref } from "../wire/value.ts";
import { type Handler, type SoapCall, startTask } from "./call.ts";
import { unresolvedVolumes } from "./host-storage.ts";

/** The host that a storage or datastore system belongs to. */
export function hostOf({ vcenter, self }: SoapCall): LabHost {
  const host = vcenter.world.model.hosts.find(
    (candidate) => candidate.storageSystem === self.id || candidate.datastoreSystem === self.id,
  );
  if (host === undefined) throw objectNotFound(self);
  return host;
}

/** The copies that the host's last rescan found. Looking at their headers takes its time. */
export const queryUnresolved: Handler = async (call) => {
  const { world } = call.vcenter;
  const { replaced: signal } = world;
  const { unresolved } = world.latency;
  if (unresolved > 0) await delay(unresolved, undefined, { signal }).catch(() => undefined);
  // Another world's host may bear the same id.
  if (signal.aborted) throw objectNotFound(call.self);
  return unresolvedVolumes(hostOf(call), call.vcenter.lookups);
};

/** What went wrong with one of several things, for its place in the result. */
export const faultIn = (error: unknown, { vcenter }: SoapCall): Data =>
  localized(asSoapFault(error, (id) => vcenter.refOf(id)));

export function storageTask(call: SoapCall, run: () => Any): Ref {
  const host = hostOf(call);
  const { name } = call.method;
  const what = `${name.charAt(0).toLowerCase()}${name.slice(1).replace(/_Task$/, "")}`;
  return startTask(call, {
    descriptionId: `host.${call.self.type.replace(/^Host/, "")}.${what}`,
    entity: { ref: new Ref("HostSystem", host.id), name: host.name },
    cancelable: false,
    run,
  });
}
