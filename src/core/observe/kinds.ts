/** What a volume is to us, by the configuration and by what the array tells of it. */
import type { VolumeId } from "../domain/ids.ts";
import type { Volume } from "../ports/array.ts";

/**
 * `gold`: declared so by an array that does, or named in the configuration. `clone`: declared, or made from a volume of a
 * gold's family under a name of our rule. `other` is never deleted, whoever it descends from.
 */
export type VolumeKind = "gold" | "clone" | "other";

export interface LunVolume extends Volume {
  readonly kind: VolumeKind;
}

/** The end of every name that `cloneName` makes: when, and the run. */
const OUR_RULE = /[-_]\d{8}[-_]\d{6}[-_][0-9a-z]{6}$/;

/** `golds` are the names that the configuration has for gold LUNs. */
export function withKinds(volumes: readonly Volume[], golds: readonly string[]): LunVolume[] {
  const byId = new Map<VolumeId, Volume>(volumes.map((volume) => [volume.id, volume]));
  const isGold = ({ declaredKind, name }: Volume): boolean =>
    declaredKind === undefined ? golds.includes(name) : declaredKind === "gold";
  const descends = (volume: Volume): boolean => {
    const seen = new Set<VolumeId>();
    for (let member: Volume | undefined = volume; member !== undefined && !seen.has(member.id); ) {
      if (member !== volume && isGold(member)) return true;
      seen.add(member.id);
      member = member.parent === undefined ? undefined : byId.get(member.parent.volumeId);
    }
    return false;
  };
  const kindOf = (volume: Volume): VolumeKind => {
    if (isGold(volume)) return "gold";
    if (volume.declaredKind !== undefined) return volume.declaredKind;
    return OUR_RULE.test(volume.name) && descends(volume) ? "clone" : "other";
  };
  return volumes.map((volume) => ({ ...volume, kind: kindOf(volume) }));
}

/** The gold volume that a volume descends from, itself if it is one; where ancestry is cut or goes in a circle, its last known ancestor. */
export function goldOf(volume: LunVolume, volumes: readonly LunVolume[]): LunVolume {
  const line = [volume];
  for (const member of line) {
    const parent = volumes.find((candidate) => candidate.id === member.parent?.volumeId);
    if (member.kind === "gold" || parent === undefined || line.includes(parent)) return member;
    line.push(parent);
  }
  return volume;
}
