/** Every client with its host, and what it holds: the answer to "which hosts are there, and which is free". */
import { safeText } from "../domain/safe-text.ts";
import type { EngineDeps } from "../engine-options.ts";
import type { TargetInventory } from "../records.ts";
import { reading } from "./inspect.ts";
import { goldOf } from "./kinds.ts";
import { readArray } from "./observe.ts";

type Targets = Omit<TargetInventory["targets"][number], "openPlans" | "runs">[];

/** From the array and the configuration alone: hosts need not answer. The default first, then by name. */
export async function listTargets(deps: EngineDeps): Promise<Targets> {
  return reading(deps, async (systems) => {
    const { clients, volumes, assignments } = await readArray(systems.array, deps.settings.naming.luns);
    const { pairs, defaults } = deps.settings.naming;
    const configured = pairs.filter((pair) => !clients.some((client) => client.name === pair.client));
    const known = [
      ...clients.map((client) => ({ ...client, known: true })),
      ...configured.map((pair) => ({ id: "", name: pair.client, hostAddress: pair.host, known: false })),
    ];
    return known
      .map(({ id, name, hostAddress, known: isKnown }) => {
        const pair = pairs.find(({ client }) => client === name);
        const host = pair?.host ?? hostAddress ?? "";
        return {
          client: safeText(name),
          ...(isKnown ? { clientId: id } : {}),
          host: safeText(host),
          paired: pair !== undefined,
          isDefault: defaults.client === name,
          holds: assignments
            .filter((assignment) => isKnown && assignment.clientId === id)
            .flatMap((assignment) => {
              const volume = volumes.find((candidate) => candidate.id === assignment.volumeId);
              // A clone is made to be assigned; of gold, only the array could tell.
              const since = assignment.createdAt ?? (volume?.kind === "clone" ? volume.createdAt : undefined);
              return volume === undefined
                ? []
                : [
                    {
                      lun: safeText(goldOf(volume, volumes).name),
                      kind: volume.kind,
                      volume: { name: volume.name, id: volume.id, naa: volume.naa },
                      ...(since === undefined ? {} : { since }),
                    },
                  ];
            }),
          notes: isKnown ? [] : ["The array has no client of this name."],
        };
      })
      .toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.client.localeCompare(b.client));
  });
}
