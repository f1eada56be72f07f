/** Instants as a person types them. */
import { PrepError } from "../../core/domain/errors.ts";
import { isoTime } from "../../core/domain/iso-time.ts";
import { systemClock } from "../../platform/clock.ts";

/** How a time may be given. */
export const TIME = "this date or instant (ISO 8601), or this long ago (7d, 12h, 30m)";

/** As the audit's rows have it. Errors: `BAD_REQUEST`. */
export function instantOf(flag: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const ago = /^(\d{1,5})([dhm])$/.exec(given);
  if (ago !== null) {
    const unit = { d: 86_400_000, h: 3_600_000, m: 60_000 }[ago[2] ?? "d"] ?? 0;
    return new Date(systemClock.now().getTime() - Number(ago[1]) * unit).toISOString();
  }
  const parsed = isoTime.safeParse(given);
  if (parsed.success) return new Date(parsed.data).toISOString();
  throw new PrepError("BAD_REQUEST", `${flag} is neither a date, an instant nor an age.`, {
    hint: "Write it as in ISO 8601, such as 2026-11-23 or 2026-11-23T10:00:00Z, or as an age: 7d, 12h, 30m.",
  });
}
