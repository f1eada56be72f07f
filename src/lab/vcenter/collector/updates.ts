/** Filters and what has changed in what they select: `WaitForUpdates…`. */
import { encodeAny } from "../wire/encode.ts";
import { localized, objectNotFound, SoapFault } from "../wire/faults.ts";
import type { Data, Ref } from "../wire/value.ts";
import { type PropertyValue, readProperties } from "./retrieve.ts";
import { type Find, type Selected, select } from "./select.ts";
import type { FilterSpec } from "./spec.ts";

/** A property as it was last known: its XML, or `""` for an unreadable one. */
type KnownProperties = Map<string, string>;

/** An `ObjectUpdate`, and what to do once it goes out. */
interface Change {
  readonly data: Data;
  readonly commit: () => void;
}

export class Filter {
  readonly ref: Ref;
  readonly spec: FilterSpec;
  /** The spec as the client wrote it. */
  readonly source: Data;
  readonly partialUpdates: boolean;
  readonly #reported = new Map<string, { ref: Ref; properties: KnownProperties }>();
  readonly #toldMissing = new Set<string>();

  constructor(ref: Ref, spec: FilterSpec, source: Data, partialUpdates: boolean) {
    this.ref = ref;
    this.spec = spec;
    this.source = source;
    this.partialUpdates = partialUpdates;
  }

  /** Everything counts as untold again. */
  forget(): void {
    this.#reported.clear();
    this.#toldMissing.clear();
  }

  /** `PropertyFilterUpdate` with at most `limit` objects, or undefined when nothing has changed. What is returned counts as known. */
  update(find: Find, limit: number): { data: Data; objects: number; more: boolean } | undefined {
    const { selected, missing } = select(this.spec, find);
    const objectSet: Data[] = [];
    let more = false;
    const report = (change: Change | undefined): void => {
      if (change === undefined) return;
      if (objectSet.length >= limit) {
        more = true;
        return;
      }
      change.commit();
      objectSet.push(change.data);
    };
    for (const one of selected) report(this.#changeOf(one, find));
    const present = new Set(selected.map(({ entity }) => entity.ref.id));
    for (const [id, { ref }] of this.#reported) if (!present.has(id)) report(this.#leaving(id, ref));
    const missingSet = this.#newlyMissing(missing);
    if (objectSet.length === 0 && missingSet.length === 0) return undefined;
    return { data: { filter: this.ref, objectSet, missingSet }, objects: objectSet.length, more };
  }

  #changeOf(selected: Selected, find: Find): Change | undefined {
    const { ref } = selected.entity;
    const before = this.#reported.get(ref.id);
    const { known, changeSet, missingSet } = compare(readProperties(selected, find), before?.properties);
    if (before !== undefined && changeSet.length === 0 && missingSet.length === 0) return undefined;
    return {
      data: { kind: before === undefined ? "enter" : "modify", obj: ref, changeSet, missingSet },
      commit: () => void this.#reported.set(ref.id, { ref, properties: known }),
    };
  }

  #leaving(id: string, ref: Ref): Change {
    return { data: { kind: "leave", obj: ref }, commit: () => void this.#reported.delete(id) };
  }

  #newlyMissing(missing: readonly Ref[]): Data[] {
    if (!this.spec.reportMissing) return [];
    return missing.flatMap((obj) => {
      if (this.#toldMissing.has(obj.id)) return [];
      this.#toldMissing.add(obj.id);
      return [{ obj, fault: localized(objectNotFound(obj)) }];
    });
  }
}

function compare(now: readonly PropertyValue[], before: KnownProperties | undefined) {
  const known: KnownProperties = new Map();
  const changeSet: Data[] = [];
  const missingSet: Data[] = [];
  for (const { path, value, fault } of now) {
    const xml = value === undefined ? "" : encodeAny("val", value);
    known.set(path.text, xml);
    if (before?.get(path.text) === xml) continue;
    if (value !== undefined) changeSet.push({ name: path.text, op: "assign", val: value });
    if (fault !== undefined) missingSet.push({ path: path.text, fault });
  }
  for (const name of before?.keys() ?? []) {
    if (!known.has(name)) changeSet.push({ name, op: "indirectRemove" });
  }
  return { known, changeSet, missingSet };
}

export const requestCanceled = (): SoapFault => new SoapFault("RequestCanceled", "The task was canceled by a user.");
