/**
 * What holds in every test, whatever it tests: the lab's changes, followed as they are made, beside what the store says
 * was approved.
 */
import { afterAll, afterEach, expect } from "vitest";
import { z } from "zod";
import type { PlanRow, RunRow, StepRow, Store, StoreReader } from "../../src/core/ports/store.ts";
import type { LabModel } from "../../src/lab/world/model.ts";
import type { Mutation, World } from "../../src/lab/world/world.ts";

/** Looking is no effect: a rescan may be repeated; and so may a restore, where the array says so (`traits.rollback.repeatSafe`). */
const REPEATABLE = new Set(["RescanAllHba", "RescanVmfs", "RefreshStorageSystem", "RestoreVolume"]);

interface SeenVm {
  readonly vmfsUuid: string;
  readonly naas: readonly string[];
}

/** A change with what its object was then: its ids are all that a plan may name it by. */
interface Change extends Mutation {
  readonly names: readonly string[];
  /** Of a change of a VM: where it was. */
  readonly vm?: SeenVm;
}

/** What one world saw, from a reset to the next. */
interface Era {
  readonly generation: number;
  /** ISO 8601. */
  readonly began: string;
  /** Gold volumes: signature and NAA. */
  readonly golds: Map<string, { readonly vmfsUuid: string; readonly naas: Set<string> }>;
  readonly vms: Map<string, SeenVm>;
  readonly disks: Map<string, string>;
  readonly changes: Change[];
  readonly wrong: string[];
  doubles: ReadonlySet<string>;
  read: number;
}

/** Signatures that two copies carry in one Datacenter, both mounted. */
function doublesIn(model: LabModel): Set<string> {
  const mounted = new Map<string, Set<string>>();
  for (const host of model.hosts) {
    for (const { vmfsUuid, naas, mounted: isMounted } of host.mounts) {
      if (!isMounted) continue;
      const where = `${vmfsUuid} in ${host.datacenterId}`;
      mounted.set(where, (mounted.get(where) ?? new Set()).add(naas.join()));
    }
  }
  return new Set([...mounted].flatMap(([where, copies]) => (copies.size > 1 ? [where] : [])));
}

function follow(world: World): { eras(): readonly Era[]; stop(): void } {
  const eras: Era[] = [];
  const begin = (): Era => {
    const era: Era = {
      generation: world.generation,
      began: new Date().toISOString(),
      golds: new Map(),
      vms: new Map(),
      disks: new Map(),
      changes: [],
      wrong: [],
      doubles: doublesIn(world.model),
      read: 0,
    };
    eras.push(era);
    return era;
  };
  /** What there is now is known by these names later, when it is gone. */
  const learn = (era: Era): void => {
    const { model } = world;
    for (const volume of model.volumes) {
      const gold = volume.kind === "gold" ? volume : model.volumes.find(({ id }) => id === rootOf(model, volume.id));
      if (gold === undefined) continue;
      const family = era.golds.get(gold.id) ?? { vmfsUuid: gold.header.vmfsUuid, naas: new Set<string>() };
      family.naas.add(`naa.${volume.guid}`);
      era.golds.set(gold.id, family);
    }
    for (const host of model.hosts)
      for (const disk of host.disks) era.disks.set(disk.uuid, disk.naa).set(disk.key, disk.naa);
    for (const vm of model.vms) {
      const datastore = model.datastores.find(({ id }) => id === vm.datastoreId);
      if (datastore !== undefined) era.vms.set(vm.id, { vmfsUuid: datastore.vmfsUuid, naas: [...datastore.naas] });
    }
  };
  const noted = (era: Era, mutation: Mutation): Change => {
    const { target } = mutation;
    const vm = era.vms.get(target);
    const disk = era.disks.get(target);
    const names = [
      target,
      ...(vm === undefined ? [] : [vm.vmfsUuid, ...vm.naas]),
      ...(disk === undefined ? [] : [disk]),
    ];
    return { ...mutation, names, ...(vm === undefined ? {} : { vm }) };
  };
  const onChange = (): void => {
    let era = eras.at(-1);
    if (era === undefined || era.generation !== world.generation) era = begin();
    const fresh = world.mutations.slice(era.read);
    era.read = world.mutations.length;
    // A VM that was made just now is learnt first, one that was taken away just now is known from before.
    const before = fresh.map((mutation) => (era.vms.has(mutation.target) ? noted(era, mutation) : undefined));
    learn(era);
    for (const [index, mutation] of fresh.entries()) {
      era.changes.push(before[index] ?? noted(era, mutation));
      if (mutation.op.startsWith("Delete") && era.golds.has(mutation.target)) {
        era.wrong.push(`gold ${mutation.target} was deleted by ${mutation.op}`);
      }
    }
    const doubles = doublesIn(world.model);
    // What was so before, or came of something behind the program's back, is for the program to refuse.
    if (fresh.length > 0) {
      for (const where of doubles) {
        if (!era.doubles.has(where)) era.wrong.push(`${where} is mounted twice after ${fresh.at(-1)?.op}`);
      }
    }
    era.doubles = doubles;
  };
  learn(begin());
  const stop = world.onChange(onChange);
  return { eras: () => eras, stop };
}

/** Gold at the end of a volume's line; none where the line is a circle, which an array may claim. */
function rootOf(model: LabModel, id: string): string | undefined {
  const parents = new Map(model.volumes.map((volume) => [volume.id, volume.parentVolumeId]));
  const seen = new Set<string>();
  let at = id;
  for (let parent = parents.get(at); parent !== undefined && !seen.has(at); parent = parents.get(at)) {
    seen.add(at);
    at = parent;
  }
  return model.volumes.some((volume) => volume.id === at && volume.kind === "gold") ? at : undefined;
}

/** Every text in a JSON document. */
const textsIn = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [];

/** A run, with every name that its plan gave and its steps found. */
interface Approved {
  readonly run: RunRow;
  readonly plan: PlanRow;
  readonly redeemed: boolean;
  readonly names: ReadonlySet<string>;
}

const parsed = (text: string | undefined): unknown =>
  text === undefined ? undefined : z.unknown().parse(JSON.parse(text));

/** Runs since then: another world's objects may have borne the same ids. */
async function approvedIn(reader: StoreReader, since: string): Promise<Approved[]> {
  const runs = await reader.runs({ limit: 10_000 });
  const all: Approved[] = [];
  for (const run of runs.filter(({ createdAt }) => createdAt >= since)) {
    const plan = await reader.plan(run.planId);
    if (plan === undefined) continue;
    const steps: StepRow[] = await reader.steps(run.id);
    const audit = await reader.audit({ planId: plan.id });
    all.push({
      run,
      plan,
      redeemed: audit.some(({ type }) => type === "plan_redeemed"),
      names: new Set(textsIn([parsed(plan.body), ...steps.map(({ outputs }) => parsed(outputs))])),
    });
  }
  return all;
}

function violations(era: Era, all: readonly Approved[]): string[] {
  const approved = all.filter(({ run }) => run.createdAt >= era.began && run.state !== "queued");
  const wrong = [...era.wrong];
  const effects = new Map<string, number>();
  for (const { op, target, names, vm } of era.changes) {
    const what = `${op} of ${target}`;
    const by = approved.filter(({ names: known }) => names.some((name) => known.has(name)));
    if (by.length === 0) wrong.push(`${what} is named by no plan that ran`);
    else if (!by.some(({ redeemed }) => redeemed)) wrong.push(`${what} was carried out by no redeemed plan`);
    if (vm !== undefined && !by.some(({ plan }) => isFamily(era, plan.goldId, vm))) {
      wrong.push(`${what}: it is on no volume of the plan's family`);
    }
    if (REPEATABLE.has(op)) continue;
    const effect = `${op} ${target}`;
    effects.set(effect, (effects.get(effect) ?? 0) + 1);
    if ((effects.get(effect) ?? 0) > Math.max(1, new Set(by.map(({ run }) => run.originId)).size))
      wrong.push(`${what} happened twice`);
  }
  return wrong;
}

const isFamily = (era: Era, goldId: string, vm: SeenVm): boolean => {
  const family = era.golds.get(goldId);
  return family !== undefined && (family.vmfsUuid === vm.vmfsUuid || vm.naas.some((naa) => family.naas.has(naa)));
};

export interface Invariants {
  /** What was broken in this world so far, since the last reset. */
  violations(): Promise<string[]>;
  /** Nothing asks for them after this: until the next reset and the end of this test, or for good. */
  release(until?: "reset"): void;
}

/** Hooks that are registered within a hook or a test are never called: these stand for every world that is followed. */
const followed: { check(): Promise<void>; stop(): void }[] = [];

afterEach(async () => {
  for (const { check } of followed) await check();
});

afterAll(() => {
  for (const { stop } of followed.splice(0)) stop();
});

/** Follows the world from now on; after each test of the file, every change of it is held against the store's plans. */
export function keepInvariants(world: World, openStore: () => Promise<Store>): Invariants {
  const { eras, stop } = follow(world);
  let kept = true;
  let released = false;
  let checked = 0;
  const violationsIn = async (some: readonly Era[]): Promise<string[]> => {
    if (some.every(({ changes, wrong }) => changes.length + wrong.length === 0)) return [];
    const store = await openStore();
    try {
      const approved = await store.read((reader) => approvedIn(reader, some[0]?.began ?? ""));
      return some.flatMap((era) => violations(era, approved));
    } finally {
      await store.close();
    }
  };
  const check = async (): Promise<void> => {
    if (!kept) return;
    if (released) {
      released = false;
      checked = eras().length;
      return;
    }
    const fresh = eras().slice(checked);
    // The last one goes on.
    checked = eras().length - 1;
    expect(await violationsIn(fresh)).toEqual([]);
  };
  followed.push({ check, stop });
  return {
    violations: () => violationsIn(eras().slice(-1)),
    release: (until) => {
      if (until === "reset") released = true;
      else kept = false;
    },
  };
}
