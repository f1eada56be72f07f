/** What ONTAP is asked to do. Each ends in the state that was wanted, or throws; never with `force`, and nothing is ever purged. */
import { asAssignmentId, asSnapshotId, asVolumeId, type SnapshotId, type VolumeId } from "../../core/domain/ids.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import type { ArrayWriter } from "../../core/ports/array.ts";
import { readAfterChange } from "../calls.ts";
import { type Change, unless } from "./api.ts";
import { type CallSummary, CODES, garbage, isCode, notSent, OntapError, outcomeUnknown } from "./errors.ts";
import { followJob, type JobOptions } from "./jobs.ts";
import { LUN_MAPS, naaOfSerial, type OntapReads, VOLUMES } from "./reads.ts";
import { type LunRecord, lunMapSchema, snapshotSchema, type VolumeRecord } from "./schemas.ts";

/** How long a clone's LUN may take to be listed after the job that made it. */
const LUN_WITHIN_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export interface WriteOptions extends JobOptions {
  readonly reads: OntapReads;
  readonly svm: string;
}

export function createWrites(options: WriteOptions): ArrayWriter {
  const { api, reads, svm, clock } = options;

  /** The change and its job; `forgotten` where the cluster does not say how the job ended. */
  const carry = async (change: Change): Promise<"done" | "forgotten"> => {
    try {
      const job = await api.change(change);
      return job === undefined ? "done" : await followJob(options, change, job);
    } finally {
      reads.changed();
    }
  };

  /** Polls until `find` gives something or the time is over. */
  const within = async <T>(ms: number, find: () => Promise<T | undefined>): Promise<T | undefined> => {
    const deadline = clock.elapsed() + ms;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const found = await find();
      if (found !== undefined || clock.elapsed() >= deadline) return found;
      await clock.sleep(pause);
    }
  };

  const lookAfter = <T>(call: CallSummary, read: () => Promise<T>): Promise<T> =>
    readAfterChange(clock, read, (cause) => outcomeUnknown(call, "what came of it cannot be read", { cause }));

  /** `ms`: after a change, how long the LUN may take to be listed. */
  const oneLun = async (call: CallSummary, volumeId: string, ms = 0): Promise<LunRecord> => {
    let luns: LunRecord[] = [];
    await within(ms, async () => {
      luns = await (ms > 0 ? lookAfter(call, () => reads.lunsOf(volumeId)) : reads.lunsOf(volumeId));
      return luns.length > 0 ? luns : undefined;
    });
    const [lun] = luns;
    if (lun !== undefined && luns.length === 1) return lun;
    throw garbage(call, `the volume holds ${luns.length} LUNs, not one`);
  };

  const cloneCall = (what: { volumeId: VolumeId; snapshotId: SnapshotId; name: string }): Change => ({
    action: "clone a snapshot",
    ids: { volumeId: what.volumeId, snapshotId: what.snapshotId, name: what.name },
    method: "POST",
    path: `${VOLUMES}?return_records=true`,
    body: {
      svm: { name: svm },
      name: what.name,
      clone: {
        is_flexclone: true,
        parent_volume: { uuid: what.volumeId },
        parent_snapshot: { uuid: what.snapshotId },
      },
    },
    repeatable: true,
  });

  /** The volume of this name, if it is the clone that was wanted; one that is something else is refused. */
  const cloneMade = async (
    call: CallSummary,
    what: { volumeId: VolumeId; snapshotId: SnapshotId; name: string },
  ): Promise<VolumeRecord | undefined> => {
    const [record] = await lookAfter(call, () => reads.volumesNamed(what.name));
    if (record === undefined) return undefined;
    const { parent_volume: parent, parent_snapshot: snapshot } = record.clone;
    if (parent?.uuid === what.volumeId && snapshot?.uuid === what.snapshotId) return record;
    throw notSent(
      "REMOTE_FAULT",
      `ONTAP has a volume ${safeText(what.name)} already, which is no clone of this snapshot.`,
      { action: call.action, ...call.ids, taken: record.uuid },
      "Rename or delete that volume on the array, then plan again.",
    );
  };

  /** A clone inherits its parent's schedule, and its snapshots would keep it from being deleted. */
  const withoutSchedule = async (record: VolumeRecord): Promise<void> => {
    if (record.snapshot_policy.name === "none") return;
    await carry({
      action: "take the clone off its snapshot schedule",
      ids: { volumeId: record.uuid },
      method: "PATCH",
      path: `${VOLUMES}/${record.uuid}`,
      body: { snapshot_policy: { name: "none" }, comment: "made by atvm_prep" },
      repeatable: true,
    });
  };

  return {
    createClone: async (what) => {
      const call = cloneCall(what);
      const deadline = clock.elapsed() + options.jobMs;
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        try {
          await carry(call);
          break;
        } catch (thrown) {
          if (!(thrown instanceof OntapError)) throw thrown;
          if (isCode(thrown.fault, ...CODES.nameTaken)) break;
          if (!isCode(thrown.fault, ...CODES.parentNotReady) || clock.elapsed() >= deadline) throw thrown;
          await clock.sleep(pause);
        }
      }
      const record = await cloneMade(call, what);
      if (record === undefined) throw outcomeUnknown(call, "it shows no such volume");
      await withoutSchedule(record);
      await oneLun(call, record.uuid, LUN_WITHIN_MS);
      reads.changed();
      return { volumeId: asVolumeId(record.uuid) };
    },

    rollback: async ({ volumeId, snapshotId }) => {
      const call: Change = {
        action: "restore the volume",
        ids: { volumeId, snapshotId },
        method: "PATCH",
        path: `${VOLUMES}/${encodeURIComponent(volumeId)}?restore_to.snapshot.uuid=${encodeURIComponent(snapshotId)}`,
        body: {},
        repeatable: false,
      };
      if ((await carry(call)) === "forgotten") throw outcomeUnknown(call, "the cluster does not say how that ended");
      const lun = await oneLun(call, volumeId, LUN_WITHIN_MS);
      return { naa: naaOfSerial(lun.serial_number) };
    },

    assign: async ({ volumeId, clientId }) => {
      const call = { action: "map the LUN", ids: { volumeId, clientId } };
      const lun = await oneLun(call, volumeId);
      const assignmentId = asAssignmentId(`${lun.uuid}/${clientId}`);
      // One that is there already is what was wanted.
      await unless(CODES.mapExists, () =>
        carry({
          ...call,
          method: "POST",
          path: LUN_MAPS,
          body: { svm: { name: svm }, lun: { uuid: lun.uuid }, igroup: { uuid: clientId } },
          repeatable: true,
        }),
      );
      return { assignmentId };
    },

    unassign: async (assignmentId) => {
      const [lun, igroup, member] = assignmentId.split("/");
      const call = { action: "unmap the LUN", ids: { assignmentId } };
      if (lun === undefined || igroup === undefined || member !== undefined) {
        throw notSent(
          "ASSIGNED_THROUGH_GROUP",
          "The LUN is mapped to a group of igroups: unmapping it would take it from other hosts too.",
          call.ids,
          "Unmap it from the group on the array.",
        );
      }
      await unless(CODES.mapAbsent, () =>
        carry({
          ...call,
          method: "DELETE",
          path: `${LUN_MAPS}/${encodeURIComponent(lun)}/${encodeURIComponent(igroup)}`,
          repeatable: true,
        }),
      );
    },

    deleteClone: async (volumeId) => {
      const call: Change = {
        action: "delete the clone",
        ids: { volumeId },
        method: "DELETE",
        path: `${VOLUMES}/${encodeURIComponent(volumeId)}`,
        repeatable: true,
      };
      const [record, luns] = await Promise.all([reads.volumeRecord(volumeId), reads.lunsOf(volumeId)]);
      // Gone is what was wanted: an earlier sending of this very call may have done it.
      if (record === undefined) return;
      if (!record.clone.is_flexclone) {
        throw notSent(
          "FORBIDDEN",
          `Volume ${safeText(record.name)} is no FlexClone; only clones are ever deleted.`,
          { volumeId },
          "Nothing was sent. Plan anew; if this comes again, report it.",
        );
      }
      // Whether ONTAP itself refuses this is written nowhere.
      for (const lun of luns) await checkUnmapped(call, lun);
      if ((await unless(CODES.notFound, () => carry(call))) !== "forgotten") return;
      if ((await reads.volumeRecord(volumeId)) !== undefined) {
        throw outcomeUnknown(call, "the cluster does not say how that ended, while the volume is still there");
      }
    },

    takeSnapshot: async ({ volumeId, name }, key) => {
      const path = `${VOLUMES}/${encodeURIComponent(volumeId)}/snapshots`;
      // The key in its comment tells this very snapshot from somebody else's of the same name.
      const comment = `atvm_prep ${key}`.slice(0, 255);
      const call: Change = {
        action: "take a snapshot",
        ids: { volumeId, name },
        method: "POST",
        path,
        body: { name, comment },
        repeatable: true,
      };
      await unless(CODES.snapshotExists, () => carry(call));
      const reading = { ...call, action: "list snapshots", path: `${path}?fields=uuid,name,create_time,comment` };
      const own = await lookAfter(call, () => api.list(reading, snapshotSchema));
      const snapshot = own.find((one) => one.name === name);
      if (snapshot === undefined) throw outcomeUnknown(call, "it shows no such snapshot");
      if (snapshot.comment !== comment) {
        throw notSent(
          "REMOTE_FAULT",
          `The volume has a snapshot ${safeText(name)} already.`,
          { volumeId, snapshotId: snapshot.uuid },
          "Choose another name.",
        );
      }
      return { snapshotId: asSnapshotId(snapshot.uuid) };
    },
  };

  async function checkUnmapped(call: CallSummary, lun: LunRecord): Promise<void> {
    const path = `${LUN_MAPS}?lun.uuid=${lun.uuid}&fields=lun.uuid,igroup.uuid`;
    const maps = await api.list({ ...call, action: "list LUN maps", path }, lunMapSchema);
    if (maps.length === 0) return;
    throw notSent(
      "REMOTE_FAULT",
      "The clone's LUN is still mapped; it is not deleted under a host's feet.",
      { ...call.ids, igroups: maps.map(({ igroup }) => igroup.uuid) },
      "Find out who mapped it, then plan again.",
    );
  }
}
