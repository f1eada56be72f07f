/**
 * What the doors show, one schema a result (SURFACE: Plan, Run, and the lists). Tools check what they answer against
 * these; docs/tools.md is made from them. All text in them is safe (`core/domain/safe-text.ts`).
 *
 * Each is made when it is first used: no start of a server needs any of them, and made at once they were a tenth of all
 * schemas of a start, enough for V8 to optimize zod's constructor, whose compiler then stayed in memory (5 MiB).
 */
import * as z from "zod";
import { errorRecord } from "../core/domain/errors.ts";
import type { Immutable } from "../core/domain/immutable.ts";
import { APPROVAL_POLICIES, MODES } from "../core/domain/modes.ts";
import { PLAN_STATES, RUN_STATES, STEP_KINDS, STEP_STATES } from "../core/domain/states.ts";
import { name } from "../core/domain/value-schemas.ts";
import {
  impactSchema,
  reportSchema,
  requesterSchema,
  snapshotRefSchema,
  targetSchema,
  volumeRefSchema,
} from "../core/records.ts";

/** An instant, ISO 8601 in UTC. */
const instant = z.string();

export const planView = z.lazy(() =>
  z.object({
    planId: z.string(),
    /** Only in the answer that made the plan; never in a list, a resource or the audit. */
    planToken: z.string().optional(),
    mode: z.enum(MODES),
    /** One line: what, where, and how much of it. */
    summary: z.string(),
    command: z.string(),
    target: targetSchema,
    snapshot: snapshotRefSchema.extend({ chosenBy: z.enum(["name", "latest"]) }).optional(),
    steps: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(STEP_KINDS),
        text: z.string(),
        irreversible: z.boolean(),
        /** The steps that must have ended well before this one is begun; whatever is ready runs side by side. */
        after: z.array(z.string()),
      }),
    ),
    /** What a plan that leaves the volume as it is works on. */
    worksOn: volumeRefSchema.extend({ kind: z.enum(["gold", "clone", "other"]) }).optional(),
    impact: impactSchema,
    /** What will be true once it was carried out. */
    afterwards: z.array(z.string()),
    warnings: z.array(z.string()),
    /** What is to be known besides: that the goal is reached already, so that there are no steps. */
    notes: z.array(z.string()),
    /** Unassigned clones of the family and the like: seen, not touched by this plan. */
    leftovers: z.array(z.string()),
    requestedBy: requesterSchema,
    approval: z.object({
      policy: z.enum(APPROVAL_POLICIES),
      how: z.string(),
      approvedBy: z.string().optional(),
      channel: z.string().optional(),
    }),
    state: z.enum([...PLAN_STATES, "expired"]),
    runId: z.string().optional(),
    resumes: z.string().optional(),
    /** Of a stale plan: what had changed, and the plan that took its place. */
    diff: z.array(z.string()).optional(),
    freshPlanId: z.string().optional(),
    /** Whose no ended it. */
    declined: z.object({ who: z.string(), reason: z.string().optional() }).optional(),
    createdAt: instant,
    expiresAt: instant,
    fingerprint: z.string(),
  }),
);
export type PlanView = Immutable<z.infer<typeof planView>>;

/** What may be done next is in the words around it. */
export const errorView = z.lazy(() => errorRecord.unwrap().omit({ next: true }));
export type ErrorView = Immutable<z.infer<typeof errorView>>;

export const runView = z.lazy(() =>
  z.object({
    runId: z.string(),
    planId: z.string(),
    mode: z.enum(MODES),
    /** One line: what, where, how it ended. */
    summary: z.string(),
    command: z.string(),
    /** Steps by state; `steps` lists those that did not simply go well. */
    counts: z.record(z.string(), z.number().int()),
    requestedBy: requesterSchema,
    /** Absent where the token was the approval. */
    approvedBy: z.object({ who: z.string(), channel: z.string() }).optional(),
    resumes: z.string().optional(),
    resumedBy: z.string().optional(),
    state: z.enum(RUN_STATES),
    steps: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(STEP_KINDS),
        text: z.string(),
        state: z.enum(STEP_STATES),
        startedAt: instant.optional(),
        endedAt: instant.optional(),
        /** What came of it, or how far it is: `37 of 100 VMs off`. */
        detail: z.string().optional(),
        error: errorView.optional(),
      }),
    ),
    error: errorView.optional(),
    report: reportSchema.optional(),
    /** What the operator may do next, as sentences. */
    next: z.array(z.string()),
    createdAt: instant,
    endedAt: instant.optional(),
    durationMs: z.number().int().optional(),
  }),
);
export type RunView = Immutable<z.infer<typeof runView>>;

export const vmView = z.lazy(() =>
  z.object({
    name,
    path: z.string(),
    registered: z.boolean(),
    moref: z.string().optional(),
    instanceUuid: z.string().optional(),
    powerState: z.enum(["poweredOn", "poweredOff", "suspended"]).optional(),
    template: z.boolean().optional(),
    connectionState: z.string().optional(),
  }),
);
export type VmView = Immutable<z.infer<typeof vmView>>;

export const inspectView = z.lazy(() =>
  z.object({
    at: instant,
    client: z.object({ name, id: z.string() }),
    host: z.object({ address: z.string(), name, connectionState: z.string() }),
    assigned: z.array(
      z.object({
        lun: name,
        volume: volumeRefSchema.extend({ kind: z.enum(["gold", "clone", "other"]), createdAt: instant }),
        fromSnapshot: z.object({ name, id: z.string() }).optional(),
        datastore: z.object({ name, id: z.string(), accessible: z.boolean() }).optional(),
        mounted: z.boolean(),
        vms: z.object({
          poweredOn: z.number().int(),
          poweredOff: z.number().int(),
          suspended: z.number().int(),
          templates: z.number().int(),
          machines: z.array(
            z.object({
              name,
              powerState: z.enum(["poweredOn", "poweredOff", "suspended"]),
              template: z.boolean().optional(),
            }),
          ),
          unregistered: z.array(name),
        }),
      }),
    ),
    openPlans: z.array(z.object({ planId: z.string(), mode: z.enum(MODES), command: z.string(), expiresAt: instant })),
    runningRuns: z.array(z.object({ runId: z.string(), mode: z.enum(MODES), state: z.enum(RUN_STATES) })),
    notes: z.array(z.string()),
  }),
);
export type InspectView = Immutable<z.infer<typeof inspectView>>;

export const targetsView = z.lazy(() =>
  z.object({
    targets: z.array(
      z.object({
        client: z.string(),
        clientId: z.string().optional(),
        host: z.string(),
        paired: z.boolean(),
        isDefault: z.boolean(),
        holds: z.array(
          z.object({
            lun: name,
            kind: z.enum(["gold", "clone", "other"]),
            volume: volumeRefSchema,
            since: instant.optional(),
            /** The run that put it there, and who asked for that. */
            by: z.object({ runId: z.string(), principal: z.string() }).optional(),
          }),
        ),
        openPlans: z.array(z.string()),
        runs: z.array(z.object({ runId: z.string(), mode: z.enum(MODES), state: z.enum(RUN_STATES) })),
        notes: z.array(z.string()),
      }),
    ),
    at: instant,
  }),
);
export type TargetsView = Immutable<z.infer<typeof targetsView>>;

export const lunsView = z.lazy(() =>
  z.object({
    luns: z.array(
      z.object({
        name,
        shorthand: z.array(z.string()),
        volumeId: z.string(),
        naa: z.string(),
        label: z.string().optional(),
        sizeBytes: z.number(),
        clones: z.array(volumeRefSchema.extend({ assignedTo: z.array(z.string()) })),
        assignedTo: z.array(z.string()),
      }),
    ),
  }),
);
export type LunsView = Immutable<z.infer<typeof lunsView>>;

export const snapshotsView = z.lazy(() =>
  z.object({
    lun: name,
    snapshots: z.array(snapshotRefSchema.extend({ age: z.string(), latest: z.boolean(), clones: z.number().int() })),
  }),
);
export type SnapshotsView = Immutable<z.infer<typeof snapshotsView>>;

export const vmsView = z.lazy(() =>
  z.object({
    client: z.string(),
    host: z.string(),
    datastore: name.optional(),
    vms: z.array(vmView),
    notes: z.array(z.string()),
  }),
);
export type VmsView = Immutable<z.infer<typeof vmsView>>;

export const runsView = z.lazy(() => z.object({ runs: z.array(runView) }));

export const auditRowView = z.lazy(() =>
  z.object({
    seq: z.number().int(),
    at: instant,
    type: z.string(),
    actor: z.string(),
    channel: z.string(),
    client: z.string().optional(),
    planId: z.string().optional(),
    runId: z.string().optional(),
    data: z.record(z.string(), z.unknown()),
    prev: z.string(),
    hash: z.string(),
  }),
);
export type AuditRowView = Immutable<z.infer<typeof auditRowView>>;

export const chainView = z.lazy(() =>
  z.object({
    holds: z.boolean(),
    rows: z.number().int(),
    head: z.string().optional(),
    cut: z.object({ through: z.int(), at: instant, row: z.int() }).exactOptional(),
    /** Where it breaks and how. */
    problems: z.array(z.string()),
  }),
);
export type ChainView = Immutable<z.infer<typeof chainView>>;

export const auditView = z.lazy(() =>
  z.object({
    rows: z.array(auditRowView),
    /** Of the page before this one, where there are older rows. */
    cursor: z.string().exactOptional(),
    chain: chainView,
  }),
);
export type AuditView = Immutable<z.infer<typeof auditView>>;

export const whoView = z.lazy(() =>
  z.object({
    about: name,
    runs: z.array(z.object({ run: runView, done: z.array(z.string()), approvedAt: instant.optional() })),
    chain: chainView,
  }),
);
export type WhoView = Immutable<z.infer<typeof whoView>>;
