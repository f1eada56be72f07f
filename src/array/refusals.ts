/** Refusals that every driver has in common. */
import { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Volume } from "../core/ports/array.ts";

/** The array has no room for a new volume; it has made none. `said` is a sentence with the array's own words. */
export const noSpace = (said: string, found: object): PrepError =>
  new PrepError("NO_SPACE", said, {
    found,
    hint: "Free space on the array, then plan again.",
    next: [{ kind: "plan_with", option: "releaseFirst" }],
    extra: { settled: true },
  });

/** Gold is never deleted by this software. */
export function notAClone(volume: Volume): PrepError {
  return new PrepError(
    "FORBIDDEN",
    `Volume ${safeText(volume.name)} is ${volume.declaredKind === undefined ? "no clone" : `a ${volume.declaredKind} volume`}; only clones are ever deleted.`,
    {
      found: { volumeId: volume.id, kind: volume.declaredKind, naa: volume.naa },
      hint: "Nothing was sent. Plan anew; if this comes again, report it.",
    },
  );
}
