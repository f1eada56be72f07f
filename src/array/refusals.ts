/** Refusals that every driver has in common. */
import { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Volume } from "../core/ports/array.ts";

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
