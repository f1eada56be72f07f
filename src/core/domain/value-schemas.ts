/**
 * Ids and names as they stand in what is stored. An id that no system could have given is a damaged record, and is not sent
 * anywhere; a name that could hide something is one too, and is not shown.
 */
import * as z from "zod";
import type { AssignmentId, ClientId, MoRef, Naa, SnapshotId, VmfsUuid, VolumeId } from "./ids.ts";
import { plainName } from "./safe-text.ts";

/** What the array or vCenter calls a thing: a text of its own making, and never an empty one. */
const opaque = <Id extends string>() => z.custom<Id>((value) => typeof value === "string" && value !== "");

export const volumeId = opaque<VolumeId>();
export const snapshotId = opaque<SnapshotId>();
export const clientId = opaque<ClientId>();
export const assignmentId = opaque<AssignmentId>();
export const vmfsUuid = opaque<VmfsUuid>();
export const moRef = opaque<MoRef>();

/** As `naaOf` writes it. */
export const naa = z.custom<Naa>(
  (value) => typeof value === "string" && /^(naa\.[0-9a-f]+|(eui|t10|uuid|mpx)\..+)$/.test(value),
);

/** As `plainName` leaves it. */
export const name = z
  .string()
  .refine((text) => plainName(text) === text)
  .brand<"SafeText">();
