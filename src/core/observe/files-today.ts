/** What a plan may say of VMs that it will only find once their volume is mounted. */
import { traitsOf } from "../domain/modes.ts";
import { safeText } from "../domain/safe-text.ts";
import type { HypervisorReader } from "../ports/hypervisor.ts";
import type { FilesToday } from "../records.ts";
import type { Request } from "../request/request.ts";
import { assignedHere, type Observation } from "./observe.ts";

/**
 * The VMX files on what the client has of the family, else on gold, where that is mounted: the nearest thing to a volume that
 * is not. One search of a datastore, for a plan that registers what it finds. Nothing rests on the number, so a datastore
 * that cannot be searched is no reason to refuse the plan.
 */
export async function countFilesToday(
  request: Request,
  observation: Observation,
  hypervisor: HypervisorReader,
): Promise<FilesToday | undefined> {
  const isKnown = traitsOf(request.mode).registers || observation.files !== undefined;
  if (!request.registerVms || isKnown) return undefined;
  const near = [...assignedHere(observation).map(({ volume }) => volume), observation.gold];
  for (const volume of near) {
    const datastore = observation.inventory.datastores.find(
      ({ accessible, extents }) => accessible && extents.includes(volume.naa),
    );
    if (datastore === undefined) continue;
    const found = await hypervisor.vmxFiles(datastore).catch(() => undefined);
    if (found === undefined) return undefined;
    return { count: found.files.length, volume: { name: safeText(volume.name), id: volume.id, naa: volume.naa } };
  }
  return undefined;
}
