/** What the engine is made of, and the settings that policy gives it. */

import type { PrepError } from "./domain/errors.ts";
import { type ApprovalPolicy, type Mode, traitsOf } from "./domain/modes.ts";
import type { Actor } from "./engine.ts";
import type { Clock, Entropy, Logger, Systems, VcenterOverride } from "./ports/runtime.ts";
import type { LockNames, RunRow, Store } from "./ports/store.ts";
import type { Naming, PlaceNames } from "./request/request.ts";
import type { ScriptSettings } from "./request/script.ts";
import type { StepLimits } from "./steps/types.ts";

export interface EngineSettings {
  readonly naming: Naming;
  /** Where VMs are registered, if not at the top of the target's own. */
  readonly places?: PlaceNames;
  readonly approval: {
    readonly policies: Readonly<Record<Mode, ApprovalPolicy>>;
    /** Whether an approval given beforehand may stand for a person under policy `human`. */
    readonly cli: "allow" | "deny";
    readonly planTtlMs: number;
    /** How long the answer of a person who was asked counts. */
    readonly answerWithinMs: number;
    readonly requesterIsNotApprover: boolean;
  };
  readonly limits: StepLimits & {
    readonly openPlans: number;
    /** How long a queued run waits for a worker. */
    readonly queueMs: number;
  };
  /** How many days ended runs, their plans and the audit are kept; without it, for ever. */
  readonly keepDays?: number | undefined;
  /** Who carries runs out: whoever confirmed them (`own`), or the workers on this store. */
  readonly runs: "own" | "worker";
  /** The site's own script, where that carries plans out in place of the steps of this program. */
  readonly script?: ScriptSettings | undefined;
  /** Whether the site names admins, so that nobody else makes tokens. */
  readonly adminsOnly: boolean;
  /** Why changes may not be made from this machine; undefined when they may (`controller` in the configuration). */
  wrongController(): string | undefined;
}

export interface EngineDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly settings: EngineSettings;
  systems(override?: VcenterOverride): Systems;
  /** Starts a process of its own that carries the run out, and tells of its end, whether or not it came that far; absent: runs are carried out in this process. */
  launch?(runId: string, ended: (why: PrepError) => void): Promise<void>;
}

/** The engine itself, as the audit names it. */
export const RUNNER: Actor = { principal: "atvm_prep", channel: "runner" };

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** `plan_` or `run_` and 16 characters of base32: 80 random bits. */
export function newId(prefix: string, entropy: Entropy): string {
  const bytes = entropy.bytes(16);
  return `${prefix}_${[...bytes].map((byte) => ALPHABET[byte % 32]).join("")}`;
}

/** 256 random bits, as a token or a link carries them. */
export const newSecret = (entropy: Entropy): string => Buffer.from(entropy.bytes(32)).toString("base64url");

/** Whoever acts by an access token or a link of that name: one person is one principal, whichever it is. */
export const namedPrincipal = (name: string, store: Pick<Store, "id">): string => `token:${name}@${store.id}`;

/**
 * What a run locks: its client against everyone; its LUN family too where gold is changed, else only against those that
 * change it, so that work that reads gold goes on beside it.
 */
export function lockNames({ mode, goldId, clientId }: Pick<RunRow, "mode" | "goldId" | "clientId">): LockNames {
  const [family, client] = [`family-${goldId}`, `client-${clientId}`];
  return traitsOf(mode).familyLock === "shared"
    ? { exclusive: [client], shared: [family] }
    : { exclusive: [client, family] };
}

/** Whether two runs, or a run and a plan, exclude each other. */
export const exclude = (
  one: Pick<RunRow, "mode" | "goldId" | "clientId">,
  other: Pick<RunRow, "mode" | "goldId" | "clientId">,
): boolean =>
  one.clientId === other.clientId ||
  (one.goldId === other.goldId &&
    (traitsOf(one.mode).familyLock === "exclusive" || traitsOf(other.mode).familyLock === "exclusive"));

/** Held by whoever carries out a run on the client: a run whose client's lock is free has no process any more. */
export const clientLock = (clientId: string): LockNames => ({ exclusive: [`client-${clientId}`] });
