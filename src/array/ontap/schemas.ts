/** What ONTAP answers, parsed. A member that is not set is left out by it; unknown members are ignored. */
import * as z from "zod";

// Uuids become path segments: no slash, no step up the path.
const uuid = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/, { error: "is no usable uuid" });
const name = z.string().max(1000);

const time = z.string().transform((raw, context) => {
  const at = new Date(raw);
  if (/^\d{4}-\d\d-\d\dT/.test(raw) && !Number.isNaN(at.getTime())) return at.toISOString();
  context.issues.push({ code: "custom", input: raw, message: "is no ISO 8601 time" });
  return z.NEVER;
});

const ref = z.object({ uuid: uuid.optional(), name: name.optional() });

export const volumeSchema = z.object({
  uuid,
  name,
  state: z.string().default("unknown"),
  size: z.number().min(0).default(0),
  create_time: time,
  snapshot_policy: z.object({ name: name.optional() }).default({}),
  clone: z
    .object({
      is_flexclone: z.boolean().default(false),
      parent_volume: ref.optional(),
      parent_snapshot: ref.optional(),
    })
    .default({ is_flexclone: false }),
});
export type VolumeRecord = z.output<typeof volumeSchema>;

export const lunSchema = z.object({
  uuid,
  name,
  serial_number: z.string().regex(/^[!-~]{12}$/, { error: "is not twelve characters" }),
  enabled: z.boolean().default(true),
  status: z.object({ state: z.string().default("online") }).default({ state: "online" }),
  location: z.object({ volume: z.object({ uuid, name }) }),
});
export type LunRecord = z.output<typeof lunSchema>;

const initiator = z.object({ name: z.string().max(300) });
export const igroupSchema = z.object({
  uuid,
  name,
  initiators: z.array(initiator).default([]),
  igroups: z.array(z.object({ uuid })).default([]),
});
export type IgroupRecord = z.output<typeof igroupSchema>;

export const lunMapSchema = z.object({
  lun: z.object({ uuid }),
  igroup: z.object({ uuid }),
  logical_unit_number: z.int().min(0).optional(),
});
export type LunMapRecord = z.output<typeof lunMapSchema>;

export const snapshotSchema = z.object({ uuid, name, create_time: time, comment: z.string().optional() });

export const clusterSchema = z.object({
  version: z.object({ generation: z.int(), major: z.int(), minor: z.int().default(0) }),
  disaggregated: z.boolean().default(false),
  san_optimized: z.boolean().default(false),
});

export const acceptedSchema = z.object({ job: z.object({ uuid }).optional() });

// In a job the code may be a number.
const code = z.union([z.string(), z.number()]).transform(String);
const errorSchema = z.object({ code: code.default(""), message: z.string().default("") });
export const jobSchema = z.object({
  uuid,
  state: z.string(),
  message: z.string().optional(),
  code: code.optional(),
  error: errorSchema.optional(),
});

export const faultSchema = z.object({ error: errorSchema });

export const pageOf = <T>(record: z.ZodType<T>): z.ZodType<{ records: T[]; next?: string | undefined }> =>
  z
    .object({
      records: z.array(record).default([]),
      _links: z.object({ next: z.object({ href: z.string() }).optional() }).optional(),
    })
    .transform(({ records, _links }) => ({ records, next: _links?.next?.href }));
