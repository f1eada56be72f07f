/** Every client with its host, and what it holds: the answer to "which hosts are there, and which is free". */

import type { Naa } from "../domain/ids.ts";
import { type SafeText, safeText } from "../domain/safe-text.ts";
import type { EngineDeps } from "../engine-options.ts";
import type { Datastore, Inventory } from "../ports/hypervisor.ts";
import type { TargetInventory } from "../records.ts";
import { reading } from "./inspect.ts";
import { goldOf, type LunVolume } from "./kinds.ts";
import { loadKnownSignatures } from "./known-signatures.ts";
import { isLabelledAs } from "./leftover-datastores.ts";
import { readArray } from "./observe.ts";

type Targets = Omit<TargetInventory["targets"][number], "openPlans" | "runs">[];

/** What earlier failures left, by all that vCenter lists: datastores of a LUN's, mounted from a disk that is gone. */
interface Leftovers {
  readonly inventory: Inventory;
  readonly found: readonly { readonly datastore: Datastore; readonly lun: SafeText }[];
}

async function leftoversIn(deps: EngineDeps, inventory: Inventory, volumes: readonly LunVolume[]): Promise<Leftovers> {
  const dead = inventory.datastores.filter(
    ({ accessible, mounts }) => !accessible && mounts.some(({ mounted }) => mounted),
  );
  if (dead.length === 0) return { inventory, found: [] };
  const golds = volumes.filter(({ kind }) => kind === "gold");
  const found = await Promise.all(
    golds.map(async (gold) => {
      const signatures = await loadKnownSignatures(deps)(gold.id);
      return dead
        .filter(({ name, vmfsUuid }) => signatures.has(vmfsUuid) || isLabelledAs(gold, name))
        .map((datastore) => ({ datastore, lun: gold.name }));
    }),
  );
  return { inventory, found: found.flat() };
}

/** Of them, those of this host that lie on nothing that its client holds. */
function notesOn({ inventory, found }: Leftovers, host: string, held: readonly Naa[]): string[] {
  const ids = inventory.hosts.filter(({ name }) => name === host).map(({ id }) => id);
  return found
    .filter(
      ({ datastore: { mounts, extents } }) =>
        mounts.some(({ hostId, mounted }) => mounted && ids.includes(hostId)) &&
        !extents.some((naa) => held.includes(naa)),
    )
    .map(
      ({ datastore: { name }, lun }) =>
        `Datastore ${name} is left over from ${lun}: its volume is gone. Releasing ${lun} cleans it up.`,
    );
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
    const leftovers = inventory === undefined ? undefined : await leftoversIn(deps, inventory, volumes);
    const targets = known.map(({ id, name, hostAddress, known: isKnown }) => {
      const pair = pairs.find(({ client }) => client === name);
      const host = pair?.host ?? hostAddress ?? "";
      const held = assignments
        .filter(({ clientId }) => isKnown && clientId === id)
        .flatMap((assignment) => {
          const volume = volumes.find((candidate) => candidate.id === assignment.volumeId);
          return volume === undefined ? [] : [{ volume, assignedAt: assignment.createdAt }];
        });
      const naas = held.map(({ volume }) => volume.naa);
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
        notes: [
          ...(isKnown ? [] : ["The array has no client of this name."]),
          ...(leftovers === undefined ? [NOT_SEEN] : notesOn(leftovers, host, naas)),
        ],
      };
    });
    return targets.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.client.localeCompare(b.client));
  });
}
