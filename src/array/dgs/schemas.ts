/** What DGS answers, parsed (docs/dgs-api.yaml). Unknown members are ignored, so that the appliance may grow. */
import * as z from "zod";
import { asAssignmentId, asClientId, asSnapshotId, asVolumeId, naaOf } from "../../core/domain/ids.ts";
import { plainName } from "../../core/domain/safe-text.ts";
import type { ArrayClient, Assignment, Snapshot, Volume } from "../../core/ports/array.ts";

// Ids become path segments: printable, without a slash, and not a step up the path.
const id = z.string().regex(/^(?!\.{1,2}$)[!-.0-~]{1,256}$/, { error: "is no usable id" });
const name = z.string().max(1000).transform(plainName);

const time = z.string().transform((raw, context) => {
  const at = new Date(raw);
  if (/^\d{4}-\d\d-\d\dT/.test(raw) && !Number.isNaN(at.getTime())) return at.toISOString();
  context.issues.push({ code: "custom", input: raw, message: "is no ISO 8601 time" });
  return z.NEVER;
});

const count = z.int().min(0);

export const clientSchema = z
  .object({ id, name, hostAddress: z.string().max(300), initiators: z.array(z.string().max(300)) })
  .transform(
    ({ hostAddress, ...raw }): ArrayClient => ({
      ...raw,
      id: asClientId(raw.id),
      ...(hostAddress === "" ? {} : { hostAddress }),
    }),
  );

export const volumeSchema = z
  .object({
    id,
    name,
    kind: z.enum(["gold", "clone"]),
    guid: z.string().regex(/^[0-9A-Fa-f]{32}$/, { error: "is not 32 hex digits" }),
    // Shown, and nothing more: one beyond 2^53, as of a volume without a bound, is as good rounded.
    sizeBytes: z.number().min(0),
    policyId: id.nullish(),
    parentVolumeId: id.nullish(),
    parentSnapshotId: id.nullish(),
    snapshotCount: count,
    createdAt: time,
  })
  .transform(
    ({ policyId, parentVolumeId, parentSnapshotId, guid, kind, snapshotCount, ...raw }): DgsVolume => ({
      id: raw.id,
      snapshotCount,
      ...(policyId == null ? {} : { policyId }),
      volume: {
        ...raw,
        id: asVolumeId(raw.id),
        declaredKind: kind,
        naa: naaOf(guid),
        ...(parentVolumeId == null
          ? {}
          : {
              parent: {
                volumeId: asVolumeId(parentVolumeId),
                ...(parentSnapshotId == null ? {} : { snapshotId: asSnapshotId(parentSnapshotId) }),
              },
            }),
      },
    }),
  );

/** A volume, and what only DGS knows of one. */
export interface DgsVolume {
  readonly id: string;
  readonly policyId?: string;
  readonly snapshotCount: number;
  readonly volume: Volume;
}

export const snapshotSchema = z
  .object({ id, name, volumeId: id, createdAt: time })
  .transform((raw): Snapshot => ({ ...raw, id: asSnapshotId(raw.id), volumeId: asVolumeId(raw.volumeId) }));

export const assignmentSchema = z
  .object({ id, volumeId: id, clientId: id, lunNumber: count, createdAt: time })
  .transform(
    (raw): Assignment => ({
      ...raw,
      via: "direct",
      id: asAssignmentId(raw.id),
      volumeId: asVolumeId(raw.volumeId),
      clientId: asClientId(raw.clientId),
    }),
  );

export const sessionSchema = z.object({
  token: z.string().regex(/^[!-~]{1,8192}$/, { error: "is no usable token" }),
  expiresAt: time,
});

/** A failed job's error: a sentence, or a problem object (RFC 9457). */
const jobError = z.union([
  z.string().transform((words) => ({ words, status: undefined })),
  z
    .object({
      title: z.string().nullish(),
      detail: z.string().nullish(),
      message: z.string().nullish(),
      status: z.number().nullish(),
    })
    .transform(({ title, detail, message, status }) => ({
      words: [title, detail ?? message].filter((part) => part != null).join(": "),
      status: status ?? undefined,
    })),
]);

export const jobSchema = z
  .object({
    id,
    state: z.enum(["queued", "running", "succeeded", "failed"]),
    progress: z.number().min(0).max(100),
    result: z.object({ volumeId: id.nullish(), assignmentId: id.nullish(), snapshotId: id.nullish() }).nullish(),
    error: jobError.nullish(),
  })
  .transform(({ result, error, ...job }) => ({
    ...job,
    volumeId: result?.volumeId ?? undefined,
    assignmentId: result?.assignmentId ?? undefined,
    snapshotId: result?.snapshotId ?? undefined,
    error: error?.words,
    errorStatus: error?.status,
  }));

export type Job = z.output<typeof jobSchema>;

export const problemSchema = z.object({
  title: z.string().nullish(),
  detail: z.string().nullish(),
});

export const pageOf = <T>(item: z.ZodType<T>): z.ZodType<{ items: T[]; nextCursor?: string | null | undefined }> =>
  z.object({ items: z.array(item), nextCursor: z.string().nullish() });
