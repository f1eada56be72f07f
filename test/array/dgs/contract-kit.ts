/**
 * What any array driver has to do, as tests (docs/driver.md). They make a clone, assign it, withdraw it and delete it; the
 * gold volume is only read, unless `mayRollBack` says that it may be rolled back as well.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArrayOptions, StorageArray, StorageArrayDriver } from "../../../src/array/driver.ts";
import { ERROR_CODES, PrepError } from "../../../src/core/domain/errors.ts";
import { asPolicyId, asVolumeId } from "../../../src/core/domain/ids.ts";
import type { ArrayClient, Snapshot, Volume } from "../../../src/core/ports/array.ts";

export interface ContractTarget {
  readonly driver: StorageArrayDriver;
  readonly options: ArrayOptions;
  /** Name of a gold volume with a protection policy and at least one snapshot. */
  readonly gold: string;
  /** Name of a client that a clone may be assigned to for a moment. */
  readonly client: string;
  /** The gold volume is unassigned, its snapshots carry no clones, and what was written to it since may be lost. */
  readonly mayRollBack?: boolean;
  close?(): Promise<void>;
}

const NOTHING = "no-such-name-3f1c";

/** Registers the tests; `open` is called once, before the first. */
export function arrayDriverContract(title: string, open: () => Promise<ContractTarget>): void {
  describe(`array driver contract: ${title}`, () => {
    let target: ContractTarget;
    let array: StorageArray;
    let gold: Volume;
    let snapshot: Snapshot;
    let client: ArrayClient;
    // Each step below rests on the one before it.
    let clone: Volume;

    beforeAll(async () => {
      target = await open();
      array = target.driver.create(target.options);
      gold = only(await array.reader.volumes({ name: target.gold }), "gold volume");
      const snapshots = await array.reader.snapshots(policyOf(gold));
      snapshot = only(newestOf(snapshots.filter(({ volumeId }) => volumeId === gold.id)), "snapshot");
      client = only(await array.reader.clients({ name: target.client }), "client");
    });
    afterAll(async () => {
      await array?.close();
      await target?.close?.();
    });

    it("gives identifiers and times in the engine's forms", () => {
      expect(gold.kind).toBe("gold");
      expect(gold.guid).toMatch(/^[0-9a-f]{32}$/);
      expect(gold.naa).toBe(`naa.${gold.guid}`);
      for (const at of [gold.createdAt, snapshot.createdAt]) expect(new Date(at).toISOString()).toBe(at);
    });

    it("selects by exact, case-sensitive name", async () => {
      expect(await array.reader.volumes({ name: NOTHING })).toEqual([]);
      expect(await array.reader.volumes({ name: target.gold.toUpperCase() })).not.toContainEqual(gold);
      expect(await array.reader.clients({ name: NOTHING })).toEqual([]);
      expect((await array.reader.clients()).map(({ id }) => id)).toContain(client.id);
    });

    it("finds a volume by its id, and answers undefined where there is none", async () => {
      expect(await array.reader.volume(gold.id)).toEqual(gold);
      expect(await array.reader.volume(asVolumeId(NOTHING))).toBeUndefined();
    });

    it("makes a clone of the snapshot, once for one key", async () => {
      const key = randomUUID();
      const name = `${target.gold}-contract-${key.slice(0, 6)}`;
      const told: number[] = [];
      const what = { policyId: policyOf(gold), snapshotId: snapshot.id, name };
      const made = await array.writer.createClone(what, key, (percent) => told.push(percent));
      expect(await array.writer.createClone(what, key)).toEqual(made);
      clone = only(await array.reader.volumes({ name }), "clone");
      expect(clone).toMatchObject({
        id: made.volumeId,
        kind: "clone",
        parentVolumeId: gold.id,
        parentSnapshotId: snapshot.id,
      });
      expect(clone.guid).not.toBe(gold.guid);
      expect((await array.reader.volumes({ parentVolumeId: gold.id })).map(({ id }) => id)).toContain(clone.id);
      expect(told.every((percent, index) => percent >= (told[index - 1] ?? 0) && percent <= 100)).toBe(true);
    });

    it("assigns it, once for one key, and lists that by volume and by client", async () => {
      const key = randomUUID();
      const what = { volumeId: clone.id, clientId: client.id };
      const { assignmentId } = await array.writer.assign(what, key);
      expect(await array.writer.assign(what, key)).toEqual({ assignmentId });
      expect(await array.reader.assignments({ volumeId: clone.id })).toMatchObject([{ id: assignmentId, ...what }]);
      expect((await array.reader.assignments({ clientId: client.id })).map(({ id }) => id)).toContain(assignmentId);
      expect(await array.reader.assignments({ clientId: client.id, volumeId: gold.id })).not.toContainEqual(
        expect.objectContaining({ volumeId: clone.id }),
      );
    });

    it("refuses to assign it twice, and to delete it while it is assigned", async () => {
      const twice = array.writer.assign({ volumeId: clone.id, clientId: client.id }, randomUUID());
      expect((await refused(twice)).code).toBe("REMOTE_FAULT");
      expect((await refused(array.writer.deleteClone(clone.id, randomUUID()))).code).toBe("REMOTE_FAULT");
      expect(await array.reader.volume(clone.id)).toBeDefined();
    });

    it("never deletes a gold volume", async () => {
      expect((await refused(array.writer.deleteClone(gold.id, randomUUID()))).code).toBe("FORBIDDEN");
      expect(await array.reader.volume(gold.id)).toEqual(gold);
    });

    it("unassigns and deletes the clone; deleting it again is no error", async () => {
      const { id } = only(await array.reader.assignments({ volumeId: clone.id }), "assignment");
      await array.writer.unassign(id, randomUUID());
      expect(await array.reader.assignments({ volumeId: clone.id })).toEqual([]);
      await array.writer.deleteClone(clone.id, randomUUID());
      expect(await array.reader.volume(clone.id)).toBeUndefined();
      await array.writer.deleteClone(clone.id, randomUUID());
    });

    it("rolls gold back to a snapshot, where the target allows it", async ({ skip }) => {
      if (target.mayRollBack !== true) skip("the target does not allow it");
      await array.writer.rollback({ policyId: policyOf(gold), snapshotId: snapshot.id }, randomUUID());
      const left = (await array.reader.snapshots(policyOf(gold))).filter(({ volumeId }) => volumeId === gold.id);
      expect(newestOf(left)).toMatchObject([{ id: snapshot.id }]);
    });

    it("refuses what does not exist", async () => {
      const what = { policyId: asPolicyId(NOTHING), snapshotId: snapshot.id, name: NOTHING };
      expect((await refused(array.writer.createClone(what, randomUUID()))).code).toBe("REMOTE_FAULT");
    });

    it("tells a wrong password from an array that is not there, and shows neither's secret", async () => {
      const wrong = "canary-of-the-contract";
      const stranger = target.driver.create({ ...target.options, password: () => wrong });
      const signIn = await refused(stranger.reader.clients());
      expect(signIn.code).toBe("AUTHENTICATION_FAILED");
      expect(`${signIn.stack}${JSON.stringify(signIn.toRecord())}`).not.toContain(wrong);
      await stranger.close();
      const nowhere = target.driver.create({ ...target.options, url: "https://127.0.0.1:1" });
      expect((await refused(nowhere.reader.clients())).code).toBe("UNREACHABLE");
      await nowhere.close();
    });

    it("closes without an error, also twice, and without ever having been used", async () => {
      const unused = target.driver.create(target.options);
      await unused.close();
      await unused.close();
    });
  });
}

function only<T>(items: readonly T[], what: string): T {
  const [item] = items;
  if (item === undefined || items.length > 1)
    throw new Error(`the target needs exactly one ${what}, it has ${items.length}`);
  return item;
}

const newestOf = (snapshots: readonly Snapshot[]): Snapshot[] =>
  snapshots.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, 1);

function policyOf(volume: Volume): NonNullable<Volume["policyId"]> {
  if (volume.policyId === undefined) throw new Error("the target's gold volume has no policy");
  return volume.policyId;
}

async function refused(promise: Promise<unknown>): Promise<PrepError> {
  const thrown = await promise.then(
    () => new Error("was not refused"),
    (error: unknown) => error,
  );
  if (!(thrown instanceof PrepError)) throw thrown;
  expect(ERROR_CODES).toContain(thrown.code);
  expect(thrown.hint).not.toBe("");
  return thrown;
}
