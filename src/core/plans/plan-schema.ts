/**
 * A stored plan's schema: a record is read through it where it is looked up, and travels as what it was read as. That no
 * member is forgotten here, where it would be dropped, `satisfies` sees to.
 */
import { z } from "zod";
import type { MoRef, SnapshotId, VolumeId } from "../domain/ids.ts";
import { MODES } from "../domain/modes.ts";
import type { ChosenSnapshot, Draft } from "../modes/draft.ts";
import type { Snapshot } from "../ports/array.ts";
import type { Host } from "../ports/hypervisor.ts";
import { impactSchema, targetSchema } from "../records.ts";
import type { PrepInputs, Request } from "../request/request.ts";
import { outputsSchema, stepSchema } from "../steps/types.ts";
import type { Fact } from "./facts.ts";
import type { Plan } from "./plan.ts";

/** Rises where what a step or a plan says has changed: one of another version is never read as one of ours. */
export const PLAN_VERSION = 2;

const text = z.string();
const texts = z.array(text);
const isText = (value: unknown): boolean => typeof value === "string";
const moRef = z.custom<MoRef>(isText);

const inputs = z.object({
  lun: text,
  snapshot: text.optional(),
  client: text.optional(),
  host: text.optional(),
  registerVms: z.boolean().optional(),
  keepClone: z.boolean().optional(),
  forcePowerOff: z.boolean().optional(),
  releaseFirst: z.boolean().optional(),
} satisfies Record<keyof PrepInputs, z.ZodType>);

const mode = z.enum(MODES);
const request = z.object({
  mode,
  client: text,
  host: text,
  paired: z.boolean(),
  lun: text,
  snapshot: text.exactOptional(),
  registerVms: z.boolean(),
  keepClone: z.boolean(),
  forcePowerOff: z.boolean(),
  releaseFirst: z.boolean(),
} satisfies Record<keyof Request, z.ZodType>);

const host = z.object({
  id: moRef,
  name: text,
  connectionState: z.enum(["connected", "disconnected", "notResponding"]),
  datacenter: z.object({ id: moRef, name: text, vmFolder: moRef }),
  computeResource: moRef,
  resourcePool: moRef,
  storageSystem: moRef,
  datastoreSystem: moRef,
} satisfies Record<keyof Host, z.ZodType>);

const snapshot = z.object({
  id: z.custom<SnapshotId>(isText),
  name: text,
  volumeId: z.custom<VolumeId>(isText),
  createdAt: text,
} satisfies Record<keyof Snapshot, z.ZodType>);

const fact = z.object({
  label: text,
  fields: z.record(text, text),
  words: z.record(text, text).exactOptional(),
} satisfies Record<keyof Fact, z.ZodType>);

const draft = z.object({
  steps: z.array(stepSchema),
  impact: impactSchema,
  warnings: texts,
  leftovers: texts,
  snapshot: z
    .object({ snapshot, chosenBy: z.enum(["name", "latest"]) } satisfies Record<keyof ChosenSnapshot, z.ZodType>)
    .exactOptional(),
  facts: z.record(text, fact),
  fingerprint: text,
} satisfies Record<keyof Draft, z.ZodType>);

export const planSchema: z.ZodType<Plan> = z.object({
  version: z.literal(PLAN_VERSION),
  id: text,
  mode,
  inputs,
  request,
  target: targetSchema,
  host,
  draft,
  endpoints: z.object({ dgs: text, vcenter: text }),
  createdAt: text,
  expiresAt: text,
  resumes: text.exactOptional(),
  origin: z.object({ runId: text, createdAt: text }).exactOptional(),
  inheritedOutputs: z.record(text, outputsSchema).exactOptional(),
  keys: z.record(text, text).exactOptional(),
} satisfies Record<keyof Plan, z.ZodType>);
