/** A date or an instant of ISO 8601 as a person writes it: with or without a zone, seconds and their fractions. */
import * as z from "zod";

const zoned = { offset: true, local: true };

export const isoTime = z.union([z.iso.date(), z.iso.datetime(zoned), z.iso.datetime({ ...zoned, precision: -1 })]);
