/** The two forms in which vCenter prints where a VM lies, and what they mean (DOMAIN: "A VM is on a datastore if…"). */

import type { Datastore, Vm } from "../ports/hypervisor.ts";
import type { VmfsUuid } from "./ids.ts";
import { asVmfsUuid } from "./ids.ts";

export type VmPath =
  | { readonly by: "name"; readonly datastore: string; readonly file: string }
  | { readonly by: "uuid"; readonly vmfsUuid: VmfsUuid; readonly file: string };

/** `[ds] dir/x.vmx` or `[] /vmfs/volumes/<uuid>/dir/x.vmx`; undefined for anything else. */
function parseVmPath(path: string): VmPath | undefined {
  const absolute = /^\[\]\s*\/vmfs\/volumes\/([^/]+)\/(.+)$/.exec(path);
  if (absolute?.[1] !== undefined && absolute[2] !== undefined) {
    return { by: "uuid", vmfsUuid: asVmfsUuid(absolute[1]), file: absolute[2] };
  }
  const named = /^\[(.+?)\]\s+(.+)$/.exec(path);
  if (named?.[1] !== undefined && named[2] !== undefined) return { by: "name", datastore: named[1], file: named[2] };
  return undefined;
}

/** Whether the path lies on this datastore (of the VM's own Datacenter), and its file there. */
export function fileOn(datastore: Pick<Datastore, "pathName" | "vmfsUuid">, path: string): string | undefined {
  const prefix = `[${datastore.pathName}] `;
  if (path.startsWith(prefix)) return path.slice(prefix.length);
  const parsed = parseVmPath(path);
  return parsed?.by === "uuid" && parsed.vmfsUuid === datastore.vmfsUuid ? parsed.file : undefined;
}

/** Whether the VM's home, the folder of its VMX, is on the datastore. */
export const livesOn = (vm: Vm, datastore: Pick<Datastore, "pathName" | "vmfsUuid">): boolean =>
  fileOn(datastore, vm.path) !== undefined;
