/** What the array is asked for by each step, once and under the step's key, and that it is told how far the array is. */
import { expect, it } from "vitest";
import { asAssignmentId, asClientId, asSnapshotId } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { JobProgress } from "../../../src/core/ports/array.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { smallWorld, traitsLike, volumeLike } from "../../support/small-world.ts";
import { actOf } from "../../support/step-world.ts";

const gold = volumeLike("gold");
const clone = volumeLike("clone", { declaredKind: "clone" });
const snapshot = { id: asSnapshotId("snap-1"), name: plainName("nightly") };
const client = { id: asClientId("client-1"), name: plainName("esx") };
const assignmentId = asAssignmentId("a-1");
const base = { id: "s1", after: [] } as const;

/** An array that has this clone and nothing else of it, and does as it is asked. */
function array(isAssigned: boolean) {
  const asked: unknown[] = [];
  const done =
    <T>(answer: T) =>
    async (what: unknown, key: string, progress?: JobProgress) => {
      asked.push([what, key]);
      progress?.(40);
      return answer;
    };
  const small = smallWorld({
    array: {
      traits: async () => traitsLike(),
      volume: async () => clone,
      volumes: async (filter) => (filter === undefined ? [clone] : []),
      assignments: async () =>
        isAssigned ? [{ id: assignmentId, volumeId: clone.id, clientId: client.id, via: "direct" }] : [],
      snapshots: async () => [{ ...snapshot, volumeId: gold.id, createdAt: gold.createdAt }],
      dependents: async () => ({ snapshots: 0, clones: [] }),
      assign: done({ assignmentId }),
      unassign: done(undefined),
      createClone: done({ volumeId: clone.id }),
      deleteClone: done(undefined),
      rollback: done({ naa: gold.naa }),
      takeSnapshot: done({ snapshotId: snapshot.id }),
    },
    hypervisor: { hostDevices: async () => ({ disks: [], mounts: [] }), vmStates: async () => [] },
  });
  return { ...small, asked };
}

const CASES: readonly (readonly [Step, unknown])[] = [
  [
    { ...base, kind: "assign", volume: clone, client },
    { volumeId: "clone", clientId: "client-1" },
  ],
  [{ ...base, kind: "unassign", assignmentId, volume: clone, client }, "a-1"],
  [
    { ...base, kind: "create_clone", gold, snapshot, name: { stem: "gold-esx", joint: "-" } },
    { volumeId: "gold", snapshotId: "snap-1", name: "gold-esx-20261121-030405-abcdef" },
  ],
  [{ ...base, kind: "delete_clone", volume: clone }, "clone"],
  [
    { ...base, kind: "rollback_volume", gold, snapshot, lost: [] },
    { volumeId: "gold", snapshotId: "snap-1" },
  ],
  [
    { ...base, kind: "take_snapshot", gold, name: "today", off: [] },
    { volumeId: "gold", name: "today" },
  ],
];

it.each(CASES.map(([step, what]) => ({ kind: step.kind, step, what })))("$kind", async ({ kind, step, what }) => {
  const { world, progress, asked } = array(kind === "unassign");
  await (await actOf(step, world))(world);
  expect(asked).toEqual([[what, "the step's key"]]);
  expect(progress).toEqual(["40 %"]);
});
