/** A disk's identity. Hosts and this program tell disks apart by their NAA alone. */
import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Volume } from "../ports/array.ts";

/**
 * Refuses volumes whose NAA another volume of the array has as well: a host would take both for one disk, and what is
 * planned for the one would be done to the other.
 */
export function refuseSameNaa(volumes: readonly Volume[], all: readonly Volume[]): void {
  for (const volume of volumes) {
    const same = all.filter((other) => other.naa === volume.naa);
    if (same.length < 2) continue;
    throw new PrepError(
      "SAME_NAA",
      `${same.length} volumes of the array have the NAA ${volume.naa}: ${same.map(({ name, id }) => `${safeText(name)} (${id})`).join(", ")}.`,
      {
        found: { naa: volume.naa, volumes: same.map(({ id, name }) => ({ id, name: safeText(name) })) },
        hint: "A host cannot distinguish them. Have the array's support give one of them an identity of its own.",
      },
    );
  }
}
