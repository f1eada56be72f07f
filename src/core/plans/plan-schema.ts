/**
 * A stored plan's schema: a record is read through it where it is looked up, and travels as what it was read as. That no
 * member is forgotten here, where it would be dropped, `satisfies` sees to.
 */
import * as z from "zod";
import { MODES, type Mode } from "../domain/modes.ts";
import { moRef, name, snapshotId, volumeId } from "../domain/value-schemas.ts";
import type { ChosenSnapshot, Draft } from "../modes/draft.ts";
import type { Snapshot } from "../ports/array.ts";
import type { Host } from "../ports/hypervisor.ts";
import { impactSchema, type Target, targetSchema, volumeRefSchema } from "../records.ts";
import type { PrepInputs, Request } from "../request/request.ts";
import { type Outputs, outputsSchema, stepSchema } from "../steps/types.ts";
import type { Fact } from "./facts.ts";

/** Rises where what a step or a plan says has changed: one of another version is never read as one of ours. */
export const PLAN_VERSION = 3;

export interface Plan {
  readonly version: typeof PLAN_VERSION;
  readonly id: string;
  readonly mode: Mode;
  /** As asked: a fresh plan in place of a stale one starts from these. */
  readonly inputs: PrepInputs;
  /** What the program that asked calls itself. */
  readonly askedWith?: string;
  /** As resolved, the snapshot named. */
  readonly request: Request;
  readonly target: Target;
  readonly host: Host;
  readonly draft: Draft;
  readonly endpoints: { readonly array: string; readonly vcenter: string };
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Of a resume: the run that it goes on from, the first of the chain, and what its finished steps left. */
  readonly resumes?: string;
  readonly origin?: { readonly runId: string; readonly createdAt: string };
  readonly inheritedOutputs?: Readonly<Record<string, Outputs>>;
  /** Idempotency keys of its steps that are not the origin's own: see `keyOf`. */
  readonly keys?: Readonly<Record<string, string>>;
}

const text = z.string();
const texts = z.array(text);

const inputs = z.object({
  lun: text,
  snapshot: text.optional(),
  client: text.optional(),
  host: text.optional(),
  registerVms: z.boolean().optional(),
  keepClone: z.boolean().optional(),
  forcePowerOff: z.boolean().optional(),
  releaseFirst: z.boolean().optional(),
  newSnapshot: text.optional(),
  crashConsistent: z.boolean().optional(),
  reason: text.optional(),
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
  newSnapshot: text.exactOptional(),
  crashConsistent: z.boolean(),
} satisfies Record<keyof Request, z.ZodType>);

const host = z.object({
  id: moRef,
  name,
  connectionState: z.enum(["connected", "disconnected", "notResponding"]),
  inMaintenanceMode: z.boolean().exactOptional(),
  datacenter: z.object({ id: moRef, name, vmFolder: moRef }),
  computeResource: moRef,
  resourcePool: moRef,
  storageSystem: moRef,
  datastoreSystem: moRef,
  optionManager: moRef.exactOptional(),
  clustered: z.boolean().exactOptional(),
  dumpDisk: text.exactOptional(),
} satisfies Record<keyof Host, z.ZodType>);

const snapshot = z.object({
  id: snapshotId,
  name,
  volumeId,
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
  worksOn: volumeRefSchema.extend({ kind: z.enum(["gold", "clone", "other"]) }).exactOptional(),
  facts: z.record(text, fact),
  fingerprint: text,
} satisfies Record<keyof Draft, z.ZodType>);

export const planSchema: z.ZodType<Plan> = z.object({
  version: z.literal(PLAN_VERSION),
  id: text,
  mode,
  inputs,
  askedWith: text.exactOptional(),
  request,
  target: targetSchema,
  host,
  draft,
  endpoints: z.object({ array: text, vcenter: text }),
  createdAt: text,
  expiresAt: text,
  resumes: text.exactOptional(),
  origin: z.object({ runId: text, createdAt: text }).exactOptional(),
  inheritedOutputs: z.record(text, outputsSchema).exactOptional(),
  keys: z.record(text, text).exactOptional(),
} satisfies Record<keyof Plan, z.ZodType>);
