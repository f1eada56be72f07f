/** Every client with its host, and what it holds: the answer to "which hosts are there, and which is free". */

import type { Naa } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { EngineDeps } from "../engine-options.ts";
import type { Inventory } from "../ports/hypervisor.ts";
import type { TargetInventory } from "../records.ts";
import { reading } from "./inspect.ts";
import { goldOf, type LunVolume } from "./kinds.ts";
import { loadKnownSignatures } from "./known-signatures.ts";
import { isLabelledAs } from "./leftover-datastores.ts";
import { readArray } from "./observe.ts";

type Targets = Omit<TargetInventory["targets"][number], "openPlans" | "runs">[];

/** Datastores that the host has mounted of a LUN's, from a disk that is gone: what an earlier failure left, by all that vCenter lists. */
async function leftoversOn(deps: EngineDeps, at: Place): Promise<string[]> {
  const { host, held, volumes, inventory } = at;
  const ids = inventory.hosts.filter(({ name }) => name === host).map(({ id }) => id);
  const dead = inventory.datastores.filter(
    ({ accessible, mounts, extents }) =>
      !accessible &&
      mounts.some(({ hostId, mounted }) => mounted && ids.includes(hostId)) &&
      !extents.some((naa) => held.includes(naa)),
  );
  if (dead.length === 0) return [];
  const notes: string[] = [];
  for (const gold of volumes.filter(({ kind }) => kind === "gold")) {
    const signatures = await loadKnownSignatures(deps)(gold.id);
    for (const { name, vmfsUuid } of dead) {
      if (!signatures.has(vmfsUuid) && !isLabelledAs(gold, name)) continue;
      notes.push(
        `Datastore ${name} is left over from ${gold.name}: its volume is gone. Releasing ${gold.name} cleans it up.`,
      );
    }
  }
  return notes;
}

interface Place {
  readonly host: string;
  /** What is assigned to its client. */
  readonly held: readonly Naa[];
  readonly volumes: readonly LunVolume[];
  readonly inventory: Inventory;
}

const NOT_SEEN = "vCenter does not answer: what an earlier failure left on the hosts is not shown.";

/** From the array and the configuration; hosts need not answer, and vCenter is asked for leftovers alone. The default first, then by name. */
export async function listTargets(deps: EngineDeps): Promise<Targets> {
  return reading(deps, async (systems) => {
    const [{ clients, volumes, assignments }, inventory] = await Promise.all([
      readArray(systems.array, deps.settings.naming.luns),
      systems.hypervisor.inventory().catch((thrown: unknown) => {
        deps.log.warn({ err: thrown }, "leftovers on the hosts could not be searched for");
        return undefined;
      }),
    ]);
    const { pairs, defaults } = deps.settings.naming;
    const configured = pairs.filter((pair) => !clients.some((client) => client.name === pair.client));
    const known = [
      ...clients.map((client) => ({ ...client, known: true })),
      ...configured.map((pair) => ({ id: "", name: pair.client, hostAddress: pair.host, known: false })),
    ];
    const targets = known.map(async ({ id, name, hostAddress, known: isKnown }) => {
      const pair = pairs.find(({ client }) => client === name);
      const host = pair?.host ?? hostAddress ?? "";
      const held = assignments
        .filter(({ clientId }) => isKnown && clientId === id)
        .flatMap((assignment) => {
          const volume = volumes.find((candidate) => candidate.id === assignment.volumeId);
          return volume === undefined ? [] : [{ volume, assignedAt: assignment.createdAt }];
        });
      const naas = held.map(({ volume }) => volume.naa);
      const leftovers =
        inventory === undefined ? [NOT_SEEN] : await leftoversOn(deps, { host, held: naas, volumes, inventory });
      return {
        client: safeText(name),
        ...(isKnown ? { clientId: id } : {}),
        host: safeText(host),
        paired: pair !== undefined,
        isDefault: defaults.client === name,
        holds: held.map(({ volume, assignedAt }) => {
          // A clone is made to be assigned; of gold, only the array could tell.
          const since = assignedAt ?? (volume.kind === "clone" ? volume.createdAt : undefined);
          return {
            lun: safeText(goldOf(volume, volumes).name),
            kind: volume.kind,
            volume: { name: volume.name, id: volume.id, naa: volume.naa },
            ...(since === undefined ? {} : { since }),
          };
        }),
        notes: [...(isKnown ? [] : ["The array has no client of this name."]), ...leftovers],
      };
    });
    return (await Promise.all(targets)).toSorted(
      (a, b) => Number(b.isDefault) - Number(a.isDefault) || a.client.localeCompare(b.client),
    );
  });
}
