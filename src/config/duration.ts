/** Durations as people write them: `500ms`, `20s`, `5m`, `1h`. */

export const DURATION_FORM = /^(\d{1,9})(ms|s|m|h)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The longest one that is accepted; a timer's own limit is not far beyond. */
const LONGEST_MS = 24 * 3_600_000;

/** Milliseconds, or undefined when `text` is no duration, is zero or exceeds a day. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_FORM.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? Number.NaN);
  return ms > 0 && ms <= LONGEST_MS ? ms : undefined;
}
