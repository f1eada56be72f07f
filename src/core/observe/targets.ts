/** Every client with its host, and what it holds: the answer to "which hosts are there, and which is free". */

import type { MoRef, Naa } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { EngineDeps } from "../engine-options.ts";
import type { Datastore } from "../ports/hypervisor.ts";
import type { TargetInventory } from "../records.ts";
import { reading } from "./inspect.ts";
import { goldOf, type LunVolume } from "./kinds.ts";
import { loadKnownSignatures } from "./known-signatures.ts";
import { isLabelledAs, lostVolume, mayBeLeftover } from "./leftover-datastores.ts";
import { readArray } from "./observe.ts";

type Targets = Omit<TargetInventory["targets"][number], "openPlans" | "runs">[];

/** Whose a datastore is by all that vCenter lists: on a volume of the LUN's, of its signature, or of its label. */
async function lunsOf(deps: EngineDeps, datastores: readonly Datastore[], volumes: readonly LunVolume[]) {
  const golds = volumes.filter(({ kind }) => kind === "gold");
  const signatures = await Promise.all(
    golds.map(async (gold) => ({ gold, seen: await loadKnownSignatures(deps)(gold.id) })),
  );
  return datastores.flatMap((datastore) => {
    const volume = volumes.find(({ naa }) => datastore.extents.includes(naa));
    const gold =
      volume === undefined
        ? signatures.find(({ gold, seen }) => seen.has(datastore.vmfsUuid) || isLabelledAs(gold, datastore.name))?.gold
        : goldOf(volume, volumes);
    return gold === undefined ? [] : [{ datastore, lun: gold.name }];
  });
}
type Owned = Awaited<ReturnType<typeof lunsOf>>;

/** What earlier failures left on a host: a LUN's datastores that it alone has mounted, and that lie on nothing its client holds. */
const leftoversOn = (hostId: MoRef, held: readonly Naa[], owned: Owned): Owned =>
  owned.filter(
    ({ datastore: { mounts, extents } }) =>
      mounts.some((mount) => mount.hostId === hostId && mount.mounted) &&
      !mounts.some((mount) => mount.hostId !== hostId && mount.mounted && mount.accessible) &&
      !extents.some((naa) => held.includes(naa)),
  );

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
    const hosts = inventory?.hosts ?? [];
    const candidates = (inventory?.datastores ?? []).filter((datastore) =>
      hosts.some(({ id }) => mayBeLeftover(datastore, id, volumes)),
    );
    const owned = candidates.length === 0 ? [] : await lunsOf(deps, candidates, volumes);
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
      const hostId = hosts.find((one) => one.name === host)?.id;
      const leftovers =
        inventory === undefined
          ? [NOT_SEEN]
          : (hostId === undefined ? [] : leftoversOn(hostId, naas, owned)).map(
              ({ datastore, lun }) =>
                `Datastore ${datastore.name} is left over from ${lun}: ${lostVolume(datastore, volumes)}. Releasing ${lun} cleans it up.`,
            );
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
    return targets.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.client.localeCompare(b.client));
  });
}
