/**
 * What the engine answers, as data: plans, runs, inventories, audit rows. No door's words are in it; the room `text/` makes
 * what is shown of it. What is kept in the store has a schema here, made on its first use where a start has no need of it.
 * All text is safe (`domain/safe-text.ts`).
 */
import * as z from "zod";
import type { ErrorRecord } from "./domain/errors.ts";
import type { ApprovalPolicy, Mode } from "./domain/modes.ts";
import type { NextAction } from "./domain/next-action.ts";
import type { Role } from "./domain/roles.ts";
import type { SafeText } from "./domain/safe-text.ts";
import type { PlanState, RunState, StepKindName, StepState } from "./domain/states.ts";
import { name } from "./domain/value-schemas.ts";
import type { Request } from "./request/request.ts";

/** An instant, ISO 8601 in UTC. */
const instant = z.string();

export const vmRefSchema = z.object({
  name,
  path: z.string(),
  moref: z.string().optional(),
  instanceUuid: z.string().optional(),
});
export type VmRefRecord = z.infer<typeof vmRefSchema>;

export const volumeRefSchema = z.object({ name, id: z.string(), naa: z.string() });
export type VolumeRefRecord = z.infer<typeof volumeRefSchema>;

export const snapshotRefSchema = z.object({ name, id: z.string(), createdAt: instant });
export type SnapshotRefRecord = z.infer<typeof snapshotRefSchema>;

export const targetSchema = z.lazy(() =>
  z.object({
    lun: z.object({ name, volumeId: z.string(), naa: z.string() }),
    client: z.object({ name, id: z.string() }),
    host: z.object({ address: z.string(), name }),
    vcenter: z.string(),
  }),
);
export type Target = z.infer<typeof targetSchema>;

/** How many VMX files a volume holds that is mounted now, in place of one that will be. */
export const filesTodaySchema = z.lazy(() => z.object({ count: z.number(), volume: volumeRefSchema }));
export type FilesToday = z.infer<typeof filesTodaySchema>;

export const impactSchema = z.lazy(() =>
  z.object({
    vmsToPowerOff: z.array(vmRefSchema),
    vmsToUnregister: z.array(vmRefSchema),
    vmsToRegister: z.array(vmRefSchema),
    /** What `vmsToRegister` cannot say where the VMs are on a volume that is not mounted yet. */
    vmxFilesToday: filesTodaySchema.exactOptional(),
    datastoresToUnmount: z.array(z.object({ name, id: z.string(), naa: z.string() })),
    volumesToUnassign: z.array(volumeRefSchema),
    clonesToDelete: z.array(volumeRefSchema),
    /** For how many hours the array can bring a deleted clone back; absent where it cannot. */
    clonesKeptHours: z.number().exactOptional(),
    snapshotsLost: z.array(snapshotRefSchema),
  }),
);
export type Impact = z.infer<typeof impactSchema>;

/** What the site's own script said: how it ended, the questions that were answered, the last lines of what it printed and logged. */
export const scriptReportSchema = z.lazy(() =>
  z.object({
    ended: z.string(),
    answered: z.array(z.string()),
    output: z.array(z.string()),
    log: z.array(z.string()),
  }),
);

export const reportSchema = z.lazy(() =>
  z.object({
    volume: volumeRefSchema.optional(),
    naa: z.string().optional(),
    datastore: z.object({ name, id: z.string(), vmfsUuid: z.string() }).optional(),
    vms: z.array(vmRefSchema.extend({ registered: z.boolean() })),
    leftovers: z.array(z.string()),
    /** Which snapshot of gold "latest" means now, where the run took one. */
    latest: snapshotRefSchema.optional(),
    script: scriptReportSchema.optional(),
  }),
);
export type Report = z.infer<typeof reportSchema>;

/** Who asked. `client` is what their program calls itself, `reason` what they wrote: shown and recorded, never trusted. */
export const requesterSchema = z.lazy(() =>
  z.object({
    principal: z.string(),
    client: name.exactOptional(),
    reason: name.exactOptional(),
  }),
);
export type Requester = Readonly<z.infer<typeof requesterSchema>>;

/** A plan, and what became of it. The command that does the same is made of `request`, `snapshot` and `target`. */
export interface PlanRecord {
  readonly planId: string;
  /** Only in the answer that made the plan; never in a list, a resource or the audit. */
  readonly planToken?: string;
  readonly mode: Mode;
  /** As resolved, the snapshot named. */
  readonly request: Request;
  readonly target: Target;
  readonly snapshot?: SnapshotRefRecord & { readonly chosenBy: "name" | "latest" };
  readonly steps: readonly {
    readonly id: string;
    readonly kind: StepKindName;
    readonly text: string;
    readonly irreversible: boolean;
    /** The steps that must have ended well before this one is begun; whatever is ready runs side by side. */
    readonly after: readonly string[];
  }[];
  /** What a plan that leaves the volume as it is works on: gold, or a clone of it. */
  readonly worksOn?: VolumeRefRecord & { readonly kind: "gold" | "clone" | "other" };
  readonly impact: Impact;
  readonly warnings: readonly string[];
  /** Unassigned clones of the family and the like: seen, not touched by this plan. */
  readonly leftovers: readonly string[];
  readonly requestedBy: Requester;
  /** What of the two nobody named: with both, the configured default is meant, else the other one's pair. */
  readonly unnamed?: readonly ("client" | "host")[];
  /** Other plans that are open for the client, when this one was made. */
  readonly otherPlans?: readonly string[];
  readonly approval: { readonly policy: ApprovalPolicy; readonly approvedBy?: string; readonly channel?: string };
  readonly state: PlanState | "expired";
  readonly runId?: string;
  readonly resumes?: string;
  /** Of a stale plan: what had changed, and the plan that took its place. */
  readonly diff?: readonly string[];
  readonly freshPlanId?: string;
  /** Whose no ended it, where it is looked up by itself. */
  readonly declined?: { readonly who: string; readonly reason?: string };
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly fingerprint: string;
}

/** A run: the plan's steps, with what the journal says of each. */
export interface RunRecord {
  readonly runId: string;
  readonly planId: string;
  readonly mode: Mode;
  readonly request: Request;
  readonly target: Target;
  readonly requestedBy: Requester;
  /** Absent where the token was the approval. */
  readonly approvedBy?: { readonly who: string; readonly channel: string };
  readonly resumes?: string;
  readonly resumedBy?: string;
  readonly state: RunState;
  readonly steps: readonly {
    readonly id: string;
    readonly kind: StepKindName;
    readonly text: string;
    readonly state: StepState;
    readonly startedAt?: string;
    readonly endedAt?: string;
    /** What came of it, or how far it is: `37 of 100 VMs off`. */
    readonly detail?: string;
    readonly error?: ErrorRecord;
  }[];
  readonly error?: ErrorRecord;
  readonly report?: Report;
  readonly next: readonly NextAction[];
  readonly createdAt: string;
  readonly endedAt?: string;
}

/** A bearer token of the HTTP door, without the token. */
export interface AccessTokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly principal: string;
  readonly state: "valid" | "expired" | "revoked";
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedAt?: string;
}

/** A link into the console, without its secret. */
export interface ConsoleLinkRecord {
  readonly principal: string;
  readonly role: Role;
  readonly expiresAt: string;
}

/** Somebody who is signed in to the console. */
export interface ConsoleSessionRecord extends ConsoleLinkRecord {
  readonly id: string;
  readonly person?: string;
}

export interface VmRecord {
  readonly name: SafeText;
  readonly path: string;
  readonly registered: boolean;
  readonly moref?: string;
  readonly instanceUuid?: string;
  readonly powerState?: "poweredOn" | "poweredOff" | "suspended";
  readonly template?: boolean;
  readonly connectionState?: string;
}

/** What a client and its host have now. */
export interface Inspection {
  /** When it was read. */
  readonly at: string;
  readonly client: { readonly name: SafeText; readonly id: string };
  readonly host: { readonly address: string; readonly name: SafeText; readonly connectionState: string };
  readonly assigned: readonly {
    readonly lun: SafeText;
    readonly volume: VolumeRefRecord & { readonly kind: "gold" | "clone" | "other"; readonly createdAt: string };
    readonly fromSnapshot?: { readonly name: SafeText; readonly id: string };
    readonly datastore?: { readonly name: SafeText; readonly id: string; readonly accessible: boolean };
    readonly mounted: boolean;
    readonly vms: {
      readonly poweredOn: number;
      readonly poweredOff: number;
      readonly suspended: number;
      readonly templates: number;
      readonly machines: readonly {
        readonly name: SafeText;
        readonly powerState: "poweredOn" | "poweredOff" | "suspended";
        readonly template?: boolean;
      }[];
      /** On the datastore, and no VM's. */
      readonly unregistered: readonly SafeText[];
    };
  }[];
  readonly openPlans: readonly PlanRecord[];
  readonly runningRuns: readonly { readonly runId: string; readonly mode: Mode; readonly state: RunState }[];
  readonly notes: readonly string[];
}

export interface TargetInventory {
  /** The default first. */
  readonly targets: readonly {
    readonly client: string;
    readonly clientId?: string;
    readonly host: string;
    /** Whether the configuration pairs the two; if not, the host is the array's own record of the client. */
    readonly paired: boolean;
    readonly isDefault: boolean;
    readonly holds: readonly {
      readonly lun: SafeText;
      readonly kind: "gold" | "clone" | "other";
      readonly volume: VolumeRefRecord;
      readonly since?: string;
      /** The run that put it there, and who asked for that. */
      readonly by?: { readonly runId: string; readonly principal: string };
    }[];
    readonly openPlans: readonly string[];
    readonly runs: readonly { readonly runId: string; readonly mode: Mode; readonly state: RunState }[];
    readonly notes: readonly string[];
  }[];
  readonly at: string;
}

export interface LunInventory {
  readonly luns: readonly {
    readonly name: SafeText;
    readonly shorthand: readonly string[];
    readonly volumeId: string;
    readonly label?: string;
    readonly naa: string;
    readonly sizeBytes: number;
    readonly clones: readonly (VolumeRefRecord & { readonly assignedTo: readonly string[] })[];
    readonly assignedTo: readonly string[];
  }[];
}

export interface SnapshotInventory {
  readonly lun: SafeText;
  /** Newest first. */
  readonly snapshots: readonly (SnapshotRefRecord & {
    readonly age: string;
    readonly latest: boolean;
    readonly clones: number;
  })[];
}

export interface VmInventory {
  readonly client: string;
  readonly host: string;
  readonly datastore?: SafeText;
  readonly vms: readonly VmRecord[];
  readonly notes: readonly string[];
}

export interface AuditRowRecord {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly actor: string;
  readonly channel: string;
  readonly client?: string;
  readonly planId?: string;
  readonly runId?: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The hash of the row before. */
  readonly prev: string;
  readonly hash: string;
}

export interface AuditCut {
  readonly through: number;
  /** When the cut was made. */
  readonly at: string;
  readonly row: number;
}

/** What retention took away. */
export interface Removed {
  /** The audit's rows that went, first and last. */
  readonly rows: { readonly first: number; readonly last: number };
  /** How many of each table went, the audit's among them. */
  readonly removed: Readonly<Record<string, number>>;
}

export interface ChainRecord {
  readonly holds: boolean;
  readonly rows: number;
  readonly head?: string;
  /** Up to which row it was cut off by the site's retention, and which row says so. */
  readonly cut?: AuditCut;
  /** Where it breaks and how. */
  readonly problems: readonly string[];
}

/** Which rows of the audit are asked for. */
export interface AuditFilter {
  readonly since?: string;
  readonly date?: string;
  readonly planId?: string;
  readonly runId?: string;
  readonly limit?: number;
  readonly until?: string;
  readonly type?: string;
  /** A part of who acted. */
  readonly actor?: string;
  /** The tool that was called. */
  readonly tool?: string;
  /** Rows about this gold LUN, by name or shorthand. */
  readonly lun?: string;
  /** Whether the rows of single steps are among them. Default: yes. */
  readonly steps?: boolean;
  /** Of an earlier page: the rows before it. */
  readonly cursor?: string;
}

export interface AuditPage {
  readonly rows: readonly AuditRowRecord[];
  /** Where older rows go on that are wanted, too. */
  readonly cursor?: string;
  readonly chain: ChainRecord;
}

/** Who had done what to a thing, newest first. */
export interface WhoRecord {
  readonly about: SafeText;
  readonly runs: readonly {
    readonly run: RunRecord;
    /** What of the run's work was about the thing, as `unregistered`; what did not come to pass says so. */
    readonly done: readonly string[];
    readonly approvedAt?: string;
  }[];
  readonly chain: ChainRecord;
}
