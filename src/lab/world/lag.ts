/**
 * What appears late. A host may see a disk, find a VMFS volume or an unresolved copy, and vCenter may list a datastore,
 * only some rescans, reads or milliseconds after the moment at which nothing would keep it back.
 */
import type { LagKind } from "./model.ts";

export const LAG_KINDS = ["disk", "volume", "datastore"] as const satisfies readonly LagKind[];

/** How late: all of it must have passed. `rescans` are further ones, of the HBAs for a disk, else of VMFS; `reads` are calls that read vCenter. */
export interface Lag {
  readonly rescans?: number | undefined;
  readonly reads?: number | undefined;
  readonly ms?: number | undefined;
}

export type LagSettings = Readonly<Partial<Record<LagKind, Lag>>>;

interface Late {
  readonly kind: LagKind;
  readonly hostId: string;
  /** NAA of a disk or of the disk below a volume; id of a datastore. */
  readonly key: string;
  rescans: number;
  reads: number;
  readonly until: number;
}

/** One generation's late things. */
export class Lags {
  settings: LagSettings;
  #late: Late[] = [];

  constructor(settings: LagSettings = {}) {
    this.settings = settings;
  }

  /** Whether something that is there may show by now. The first question starts its lag. */
  shows(what: { kind: LagKind; hostId: string; key: string }, now: Date): boolean {
    const known = this.#late.find(
      ({ kind, hostId, key }) => kind === what.kind && hostId === what.hostId && key === what.key,
    );
    if (known !== undefined) {
      if (!hasAppeared(known, now)) return false;
      this.#late = this.#late.filter((candidate) => candidate !== known);
      return true;
    }
    const lag = this.settings[what.kind];
    const { rescans = 0, reads = 0, ms = 0 } = lag ?? {};
    if (rescans + reads + ms === 0) return true;
    this.#late.push({ ...what, rescans, reads, until: now.getTime() + ms });
    return false;
  }

  countRescan(hostId: string, of: "disks" | "volumes"): void {
    for (const one of this.#late) {
      if (one.hostId === hostId && (one.kind === "disk") === (of === "disks")) one.rescans -= 1;
    }
  }

  countRead(): void {
    for (const one of this.#late) one.reads -= 1;
  }

  /** What may show now without a rescan to find it. */
  over(now: Date): readonly Readonly<Late>[] {
    return this.#late.filter((candidate) => hasAppeared(candidate, now));
  }

  /** When the next one's milliseconds have passed; undefined: none waits for that alone. */
  nextAt(now: Date): number | undefined {
    const waiting = this.#late.filter(
      ({ rescans, reads, until }) => rescans <= 0 && reads <= 0 && until > now.getTime(),
    );
    return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ until }) => until));
  }

  /** What is not there any more is not late either. */
  forget(is: (what: { kind: LagKind; hostId: string; key: string }) => boolean): void {
    this.#late = this.#late.filter((candidate) => !is(candidate));
  }
}

const hasAppeared = ({ rescans, reads, until }: Late, now: Date): boolean =>
  rescans <= 0 && reads <= 0 && until <= now.getTime();

/** Reads `volume=2rescans,datastore=3reads,disk=500ms`. Throws `RangeError` with what is wrong. */
export function parseLag(text: string): LagSettings {
  const settings: Partial<Record<LagKind, Lag>> = {};
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const [, name, amount, unit = ""] = /^\s*(\w+)\s*=\s*(\d{1,6})(rescans?|reads?|ms|s)\s*$/.exec(part) ?? [];
    const kind = LAG_KINDS.find((candidate) => candidate === name);
    if (kind === undefined) {
      throw new RangeError(`"${part.trim()}" is no lag: write disk=1rescan,volume=2rescans,datastore=3reads or =500ms`);
    }
    const count = Number(amount);
    const lag = unit.startsWith("rescan")
      ? { rescans: count }
      : unit.startsWith("read")
        ? { reads: count }
        : { ms: unit === "s" ? count * 1000 : count };
    settings[kind] = { ...settings[kind], ...lag };
  }
  return settings;
}
