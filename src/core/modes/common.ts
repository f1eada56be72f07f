/** Facts that every plan rests on, and the ends of the modes: a volume assigned, seen and mounted, its VMs registered. */

import { canonicalJson } from "../domain/canonical.ts";
import type { Naa } from "../domain/ids.ts";

import { blindSpotWarnings } from "../observe/blind-spots.ts";
import { goldOf, type LunVolume } from "../observe/kinds.ts";
import type { Observation } from "../observe/observe.ts";
import type { Assignment } from "../ports/array.ts";
import type { Host } from "../ports/hypervisor.ts";
import type { FilesToday } from "../records.ts";
import type { Request } from "../request/request.ts";
import type { VolumeRef } from "../steps/types.ts";
import type { DraftBuilder } from "./draft.ts";
import { signatureOf } from "./signature.ts";

/** A clone as the journal tells of it. Its name carries the run's id, so that a name alone is proof; an id alone is not. */
export interface UnfinishedClone {
  readonly name: string;
  readonly id?: string;
}

/** What runs of this family and client began, ended without, and nobody carried on. */
export interface UnfinishedWork {
  readonly clones: readonly UnfinishedClone[];
  /** Whether one of them began to assign the gold volume. */
  readonly assignsGold: boolean;
}

export const isUnfinishedClone = (volume: LunVolume, { clones }: Pick<UnfinishedWork, "clones">): boolean =>
  volume.kind === "clone" && clones.some(({ id, name }) => name === volume.name && (id ?? volume.id) === volume.id);

/** What a mode may know besides the request and what was seen: what the journal tells. */
export interface History {
  readonly unfinished: UnfinishedWork;
  /** When the last run ended that assigned gold to a client, rolled it back, or took it away again; ISO 8601, UTC. */
  readonly goldHeldUntil?: string;
}

export interface ModeInput {
  readonly request: Request;
  readonly observation: Observation;
  readonly history: History;
  /** Of VMs that are registered once they are found. */
  readonly filesToday?: FilesToday | undefined;
  readonly now: Date;
}

export function baseFacts(draft: DraftBuilder, observation: Observation): void {
  const { gold, client, host } = observation;
  draft.fact("gold", `LUN ${gold.name}`, { volume: gold.id, naa: gold.naa });
  draft.fact("client", `Client ${client.name}`, {
    id: client.id,
    host: client.hostAddress ?? "",
    initiators: client.hostAddress === undefined ? client.initiators.toSorted().join(" ") : "",
  });
  // What the array can and does decides what a plan may promise.
  draft.fact("array", "The array", { traits: canonicalJson(observation.array.traits) });
  hostFact(draft, host);
  draft.leftovers.push(...heldBesides(observation));
  draft.warnings.push(...blindSpotWarnings(host, observation.inventory));
}

export function hostFact(draft: DraftBuilder, host: Host): void {
  draft.fact("host", `Host ${host.name}`, {
    id: host.id,
    datacenter: host.datacenter.id,
    storage: host.storageSystem,
  });
}

/** What the client has of other LUNs: no plan about this one touches it. */
function heldBesides({ array, client, family }: Observation): string[] {
  return array.assignments
    .filter(({ clientId, volumeId }) => clientId === client.id && !family.some(({ id }) => id === volumeId))
    .flatMap(({ volumeId }) => array.volumes.find(({ id }) => id === volumeId) ?? [])
    .map((volume) => {
      const gold = goldOf(volume, array.volumes);
      const what = gold === volume ? "" : `, of ${gold.name},`;
      return `${volume.name} (${volume.id})${what} stays assigned to ${client.name}.`;
    });
}

export function assignedFact(
  draft: DraftBuilder,
  observation: Observation,
  assigned: readonly { readonly assignment: Assignment; readonly volume: LunVolume }[],
): void {
  const label = `What ${observation.client.name} has of this LUN`;
  const listed = (words: readonly string[], none: string): string => words.toSorted().join(", ") || none;
  const fields = {
    "the assigned volume": listed(
      assigned.map(({ volume }) => volume.id),
      "nothing",
    ),
    "the assignment": listed(
      assigned.map(({ assignment }) => assignment.id),
      "none",
    ),
  };
  // Compared by id, shown by name: a volume that was renamed is the same one.
  const names = assigned.map(({ volume }) => `${volume.name} (${volume.id})`);
  draft.fact("assigned", label, fields, { "the assigned volume": listed(names, "nothing") });
}

export function snapshotFact(draft: DraftBuilder, snapshot: { id: string; name: string; createdAt: string }): void {
  draft.fact(`snapshot:${snapshot.id}`, `Snapshot ${snapshot.name}`, { made: snapshot.createdAt });
}

export interface MountPlan {
  readonly volume: VolumeRef;
  readonly kind: "mount" | "mount_copy";
  /** Disks that the same rescan has to see gone, their LUN numbers, and what it waits for. */
  readonly expectGone?: readonly Naa[];
  readonly freedNumbers?: readonly number[];
  readonly after: readonly string[];
}

/**
 * Rescan, attach if the host remembers a detach, mount, register if asked. Returns the rescan, which has seen the disk
 * come and the old ones go.
 */
export function mountSteps(draft: DraftBuilder, input: ModeInput, plan: MountPlan): string {
  const { observation, request } = input;
  const { volume, kind, expectGone = [], freedNumbers = [], after } = plan;
  const freed = freedNumbers.length === 0 ? {} : { freedNumbers };
  const seen = draft.add("rescan", { expectGone, expectPresent: volume, ...freed }, after);
  const attached = draft.add("attach", { volume }, [seen]);
  const seenAgain = draft.add("rescan", { expectGone: [], expectPresent: volume, onlyIfChanged: attached }, [attached]);
  draft.add(kind, { volume, ...signatureOf(observation) }, [seenAgain]);
  if (request.registerVms) registerStep(draft, input, volume);
  return seen;
}

export function registerStep(
  draft: DraftBuilder,
  input: ModeInput,
  volume: VolumeRef,
  files?: readonly string[],
): void {
  const { filesToday, observation } = input;
  if (files === undefined && filesToday !== undefined) draft.impact.vmxFilesToday = filesToday;
  draft.add("register", {
    volume,
    ...observation.placement,
    ...(files === undefined ? {} : { files }),
  });
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
];

/** `2 days`, `1 hour`, `less than a minute`. */
export function ageOf(createdAt: string, now: Date): string {
  const elapsed = now.getTime() - Date.parse(createdAt);
  for (const [size, unit] of UNITS) {
    const count = Math.floor(elapsed / size);
    if (count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "less than a minute";
}
