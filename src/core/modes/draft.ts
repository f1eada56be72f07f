/** A plan in the making: steps are added in order, each with what it does to the impact and what it rests on. */

import { safeText } from "../domain/safe-text.ts";
import type { LunVolume } from "../observe/kinds.ts";
import type { Fact, Facts } from "../plans/facts.ts";
import { fingerprintOf } from "../plans/facts.ts";
import type { Snapshot } from "../ports/array.ts";
import type { Vm } from "../ports/hypervisor.ts";
import type { Impact, VmRefRecord, VolumeRefRecord } from "../records.ts";
import type { Step, StepOf, VmRef } from "../steps/types.ts";

export interface ChosenSnapshot {
  readonly snapshot: Snapshot;
  readonly chosenBy: "name" | "latest";
}

/** An assigned volume of the family: gold, or a clone of it. */
export interface WorkedOn extends VolumeRefRecord {
  readonly kind: "gold" | "clone" | "other";
}

/** What a mode makes of a request and an observation. Serialisable. */
export interface Draft {
  readonly steps: readonly Step[];
  readonly impact: Impact;
  readonly warnings: readonly string[];
  readonly leftovers: readonly string[];
  readonly snapshot?: ChosenSnapshot;
  /** What a plan that leaves the volume as it is works on. */
  readonly worksOn?: WorkedOn;
  readonly facts: Facts;
  readonly fingerprint: string;
}

export const refOf = (vm: Vm): VmRef => ({
  id: vm.id,
  name: vm.name,
  path: vm.path,
  ...(vm.instanceUuid === undefined ? {} : { instanceUuid: vm.instanceUuid }),
});

export const viewOf = (vm: VmRef): VmRefRecord => ({
  name: vm.name,
  path: safeText(vm.path, 400),
  moref: vm.id,
  ...(vm.instanceUuid === undefined ? {} : { instanceUuid: vm.instanceUuid }),
});

type Parts<K extends Step["kind"]> = Omit<StepOf<K>, "id" | "kind" | "after">;

export class DraftBuilder {
  readonly #steps: Step[] = [];
  readonly #facts: Record<string, Fact> = {};
  readonly warnings: string[] = [];
  readonly leftovers: string[] = [];
  readonly impact: Impact = {
    vmsToPowerOff: [],
    vmsToUnregister: [],
    vmsToRegister: [],
    datastoresToUnmount: [],
    volumesToUnassign: [],
    clonesToDelete: [],
    snapshotsLost: [],
  };

  /** Adds a step and returns its id, for references. Unless `after` is given, it comes after the step before it. */
  add<K extends Step["kind"]>(kind: K, step: Parts<K>, after: readonly string[] = this.last): string {
    const id = `s${this.#steps.length + 1}`;
    // The parts are of one kind K; that their sum is a member of the union is beyond what the checker infers for a generic K.
    this.#steps.push({ id, kind, ...step, after: [...new Set(after)] } as unknown as Step);
    return id;
  }

  /** The step that was added last. */
  get last(): string[] {
    return this.#steps.slice(-1).map((step) => step.id);
  }

  fact(key: string, label: string, fields: Fact["fields"], words?: Fact["words"]): void {
    this.#facts[key] = words === undefined ? { label, fields } : { label, fields, words };
  }

  finish(snapshot?: ChosenSnapshot, worksOn?: LunVolume): Draft {
    return {
      steps: this.#steps,
      impact: this.impact,
      warnings: this.warnings,
      leftovers: this.leftovers,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(worksOn === undefined
        ? {}
        : {
            worksOn: { name: safeText(worksOn.name), id: worksOn.id, naa: worksOn.naa, kind: worksOn.kind },
          }),
      facts: this.#facts,
      fingerprint: fingerprintOf(this.#facts),
    };
  }
}
