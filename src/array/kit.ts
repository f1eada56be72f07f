/**
 * What any array driver has to do, as checks that need no test runner (docs/driver.md). They make a clone, assign it,
 * withdraw it and delete it; the gold volume is only read, unless `mayRollBack` says that it may be rolled back as well.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { ERROR_CODES } from "../core/domain/errors.ts";
import { asVolumeId } from "../core/domain/ids.ts";
import type { ArrayClient, ArrayTraits, Snapshot, Volume } from "../core/ports/array.ts";
import type { ArrayOptions, StorageArray, StorageArrayDriver } from "./driver.ts";

export interface ContractTarget {
  readonly driver: StorageArrayDriver;
  readonly options: ArrayOptions;
  /** Name of a gold volume with at least one snapshot. */
  readonly gold: string;
  /** Name of a client that a clone may be assigned to for a moment. */
  readonly client: string;
  /** The gold volume is unassigned, its snapshots carry no clones, and what was written to it since may be lost. */
  readonly mayRollBack?: boolean;
  /** Snapshots may be taken of the gold volume; they stay. */
  readonly maySnapshot?: boolean;
  close?(): Promise<void>;
}

export interface ContractCheck {
  readonly title: string;
  /** Rejects with an assertion's error. `skip` is called with the reason where the target does not allow it. */
  run(skip: (why: string) => void): Promise<void>;
}

const NOTHING = "no_such_name_3f1c";

interface Opened {
  readonly target: ContractTarget;
  readonly array: StorageArray;
  readonly traits: ArrayTraits;
  readonly gold: Volume;
  readonly snapshot: Snapshot;
  readonly client: ArrayClient;
  /** Each check rests on the one before it. */
  clone?: Volume;
}

/** The checks, to be run in their order; `open` is called by the first, and the last closes what it opened. */
export function arrayContract(open: () => Promise<ContractTarget>): readonly ContractCheck[] {
  let opening: Promise<Opened> | undefined;
  const opened = (): Promise<Opened> => {
    opening ??= prepare(open);
    return opening;
  };
  return CHECKS.map(([title, check]) => ({ title, run: async (skip) => check(await opened(), skip) }));
}

async function prepare(open: () => Promise<ContractTarget>): Promise<Opened> {
  const target = await open();
  const array = target.driver.create(target.options);
  const gold = only(await array.reader.volumes({ name: target.gold }), "gold volume");
  const snapshot = newestOf(await array.reader.snapshots({ volumeId: gold.id }));
  assert.ok(snapshot, "the target's gold volume needs a snapshot");
  const client = only(await array.reader.clients({ name: target.client }), "client");
  return { target, array, traits: await array.reader.traits(), gold, snapshot, client };
}

type Check = (opened: Opened, skip: (why: string) => void) => Promise<void>;

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "reports its traits as plain JSON, the same each time",
    async ({ array, traits }) => {
      assert.deepEqual(JSON.parse(JSON.stringify(traits)), traits);
      assert.deepEqual(await array.reader.traits(), traits);
      assert.match(traits.product, /\S/);
      assert.ok(traits.cloneNames.max >= 30);
      assert.match("a", new RegExp(`^${traits.cloneNames.first}$`));
    },
  ],
  [
    "gives identifiers and times in the engine's forms",
    async ({ gold, snapshot, client, traits }) => {
      assert.match(gold.naa, /^(naa\.[0-9a-f]{16}([0-9a-f]{16})?|eui\.[0-9a-f]+|t10\..+)$/);
      for (const at of [gold.createdAt, snapshot.createdAt]) assert.equal(new Date(at).toISOString(), at);
      assert.equal(snapshot.volumeId, gold.id);
      assert.equal(gold.declaredKind, traits.lineage.kindDeclared ? "gold" : undefined);
      assert.equal(gold.unusable, undefined);
      if (traits.clients.address) assert.ok(client.hostAddress);
      if (traits.clients.initiators) assert.ok(client.initiators.length > 0);
    },
  ],
  [
    "selects by exact, case-sensitive name",
    async ({ array, target, gold, client }) => {
      assert.deepEqual(await array.reader.volumes({ name: NOTHING }), []);
      const loud = await array.reader.volumes({ name: target.gold.toUpperCase() });
      assert.ok(!loud.some(({ id }) => id === gold.id) || target.gold === target.gold.toUpperCase());
      assert.deepEqual(await array.reader.volumes({ name: "*" }), []);
      assert.deepEqual(await array.reader.clients({ name: NOTHING }), []);
      assert.ok((await array.reader.clients()).some(({ id }) => id === client.id));
      assert.ok((await array.reader.volumes()).some(({ id }) => id === gold.id));
    },
  ],
  [
    "finds a volume by its id, and answers undefined where there is none",
    async ({ array, gold }) => {
      assert.deepEqual(await array.reader.volume(gold.id), gold);
      assert.equal(await array.reader.volume(asVolumeId(NOTHING)), undefined);
    },
  ],
  [
    "makes a clone of the snapshot, once",
    async (opened) => {
      const { array, traits, target, gold, snapshot } = opened;
      const key = randomUUID();
      const name = contractName(target.gold, key, traits);
      const percents: number[] = [];
      const what = { volumeId: gold.id, snapshotId: snapshot.id, name };
      const made = await array.writer.createClone(what, key, (percent) => percents.push(percent));
      assert.deepEqual(await array.writer.createClone(what, key), made);
      const clone = only(await array.reader.volumes({ name }), "clone");
      opened.clone = clone;
      assert.equal(clone.id, made.volumeId);
      assert.notEqual(clone.naa, gold.naa);
      assert.equal(clone.declaredKind, traits.lineage.kindDeclared ? "clone" : undefined);
      if (traits.lineage.volume) {
        assert.equal(clone.parent?.volumeId, gold.id);
        const children = await array.reader.volumes({ parentVolumeId: gold.id });
        assert.ok(children.some(({ id }) => id === clone.id));
      }
      if (traits.lineage.snapshot) assert.equal(clone.parent?.snapshotId, snapshot.id);
      assert.ok(percents.every((percent, index) => percent >= (percents[index - 1] ?? 0) && percent <= 100));
    },
  ],
  [
    "reports what hangs on a volume: nothing on a fresh clone, the clone on gold",
    async ({ array, traits, gold, clone }) => {
      assert.deepEqual(await array.reader.dependents(made(clone).id), { snapshots: 0, clones: [] });
      const { snapshots, clones } = await array.reader.dependents(gold.id);
      assert.ok(snapshots > 0);
      if (traits.lineage.volume) assert.ok(clones.includes(made(clone).id));
    },
  ],
  [
    "assigns it, once, and lists that by volume and by client",
    async ({ array, client, gold, clone }) => {
      const what = { volumeId: made(clone).id, clientId: client.id };
      const { assignmentId } = await array.writer.assign(what, randomUUID());
      assert.deepEqual(await array.writer.assign(what, randomUUID()), { assignmentId });
      const [held, ...more] = await array.reader.assignments({ volumeId: what.volumeId });
      assert.deepEqual(more, []);
      assert.deepEqual(
        [held?.id, held?.volumeId, held?.clientId, held?.via],
        [assignmentId, ...Object.values(what), "direct"],
      );
      const here = await array.reader.assignments({ clientId: client.id });
      assert.ok(here.some(({ id }) => id === assignmentId));
      const both = await array.reader.assignments({ clientId: client.id, volumeId: gold.id });
      assert.ok(!both.some(({ volumeId }) => volumeId === what.volumeId));
    },
  ],
  [
    "refuses to delete it while it is assigned",
    async ({ array, clone }) => {
      const { code } = await refused(array.writer.deleteClone(made(clone).id, randomUUID()));
      assert.equal(code, "REMOTE_FAULT");
      assert.ok(await array.reader.volume(made(clone).id));
    },
  ],
  [
    "never deletes a gold volume",
    async ({ array, gold }) => {
      const { code } = await refused(array.writer.deleteClone(gold.id, randomUUID()));
      assert.equal(code, "FORBIDDEN");
      assert.deepEqual(await array.reader.volume(gold.id), gold);
    },
  ],
  [
    "unassigns and deletes the clone; doing both again is no error",
    async ({ array, clone }) => {
      const { id } = made(clone);
      const held = only(await array.reader.assignments({ volumeId: id }), "assignment");
      await array.writer.unassign(held.id, randomUUID());
      await array.writer.unassign(held.id, randomUUID());
      assert.deepEqual(await array.reader.assignments({ volumeId: id }), []);
      await array.writer.deleteClone(id, randomUUID());
      assert.equal(await array.reader.volume(id), undefined);
      await array.writer.deleteClone(id, randomUUID());
    },
  ],
  [
    "rolls gold back to a snapshot, where the target allows it, and gives back its NAA",
    async ({ array, traits, target, gold, snapshot }, skip) => {
      if (target.mayRollBack !== true) return skip("the target does not allow it");
      const what = { volumeId: gold.id, snapshotId: snapshot.id };
      assert.deepEqual(await array.writer.rollback(what, randomUUID()), { naa: gold.naa });
      const left = await array.reader.snapshots({ volumeId: gold.id });
      if (traits.rollback.newerSnapshots === "lost") assert.equal(newestOf(left)?.id, snapshot.id);
      if (traits.rollback.repeatSafe) await array.writer.rollback(what, randomUUID());
    },
  ],
  [
    "takes a snapshot of gold, once, where it can and the target allows it",
    async ({ array, traits, target, gold }, skip) => {
      if (traits.snapshotNames === undefined || target.maySnapshot !== true)
        return skip("the array or the target does not");
      const key = randomUUID();
      const what = { volumeId: gold.id, name: `contract_${key.slice(0, 6)}` };
      const { snapshotId } = await array.writer.takeSnapshot(what, key);
      assert.deepEqual(await array.writer.takeSnapshot(what, key), { snapshotId });
      const named = (await array.reader.snapshots({ volumeId: gold.id })).filter(({ name }) => name === what.name);
      assert.deepEqual(
        named.map(({ id }) => id),
        [snapshotId],
      );
      await refused(array.writer.takeSnapshot(what, randomUUID()));
    },
  ],
  [
    "refuses what does not exist",
    async ({ array, snapshot }) => {
      const what = { volumeId: asVolumeId(NOTHING), snapshotId: snapshot.id, name: NOTHING };
      assert.equal((await refused(array.writer.createClone(what, randomUUID()))).code, "REMOTE_FAULT");
    },
  ],
  [
    "distinguishes a wrong secret from an array that is not there, and shows neither's secret",
    async ({ target }) => {
      const wrong = "canary-of-the-contract";
      const { password, token } = target.options;
      const stranger = target.driver.create({
        ...target.options,
        ...(password === undefined ? {} : { password: () => wrong }),
        ...(token === undefined ? {} : { token: () => wrong }),
      });
      const signIn = await refused(stranger.reader.clients());
      assert.equal(signIn.code, "AUTHENTICATION_FAILED");
      assert.ok(!`${signIn.error.stack}${JSON.stringify(signIn.error)}`.includes(wrong));
      await stranger.close();
      const nowhere = target.driver.create({ ...target.options, url: "https://127.0.0.1:1" });
      assert.equal((await refused(nowhere.reader.clients())).code, "UNREACHABLE");
      await nowhere.close();
    },
  ],
  [
    "closes without an error, also twice, and without ever having been used",
    async ({ target, array }) => {
      const unused = target.driver.create(target.options);
      await unused.close();
      await unused.close();
      await array.close();
      await target.close?.();
    },
  ],
];

function contractName(gold: string, key: string, { cloneNames }: ArrayTraits): string {
  const tail = `_contract_${key.slice(0, 6)}`;
  const outside = new RegExp(`(?!${cloneNames.allowed})[\\s\\S]`, "g");
  return `${gold.replaceAll(outside, "_").slice(0, cloneNames.max - tail.length)}${tail}`;
}

function made(clone: Volume | undefined): Volume {
  assert.ok(clone, "the clone was not made");
  return clone;
}

function only<T>(items: readonly T[], what: string): T {
  const [item] = items;
  assert.ok(item !== undefined && items.length === 1, `there should be exactly one ${what}, there are ${items.length}`);
  return item;
}

const newestOf = (snapshots: readonly Snapshot[]): Snapshot | undefined =>
  snapshots.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0];

async function refused(promise: Promise<unknown>): Promise<{ code: string; error: Error }> {
  const error = await promise.then(
    () => assert.fail("was not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error && "code" in error && "hint" in error, `${error} is no error of a driver`);
  assert.ok(
    ERROR_CODES.some((code) => code === error.code),
    `${error.code} is no code`,
  );
  assert.match(String(error.hint), /\S/);
  return { code: String(error.code), error };
}
