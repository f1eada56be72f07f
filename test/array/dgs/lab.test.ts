import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDgs } from "../../../src/array/dgs/array.ts";
import type { StorageArray } from "../../../src/array/driver.ts";
import type { Snapshot, Volume } from "../../../src/core/ports/array.ts";
import { type RunningLab, startLab } from "../../../src/lab/start.ts";
import type { FaultAction } from "../../../src/lab/world/faults.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { memoryLog, refusal } from "./support.ts";

const GOLD = "AutomatedTest-VMBootImg-Gold";

let lab: RunningLab;
let array: StorageArray;
let log: ReturnType<typeof memoryLog>;
let gold: Volume;
let snapshot: Snapshot;

const connect = (more: { thumbprint?: string; callMs?: number } = {}): StorageArray =>
  createDgs({
    ...lab.info.dgs,
    password: () => lab.info.dgs.password,
    tls: { thumbprint: more.thumbprint ?? lab.info.vcenter.thumbprint },
    timeouts: { connectMs: 5_000, callMs: more.callMs ?? 10_000, jobMs: 60_000 },
    clock: systemClock,
    log,
  });

const fault = (op: string, action: FaultAction, times = 1): void =>
  lab.world.faults.add({ api: "dgs", op, times, action });
const newClone = (name: string, key: string) =>
  array.writer.createClone({ volumeId: gold.id, snapshotId: snapshot.id, name }, key);
const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined) throw new Error("the lab has none");
  return item;
};
const clonesNamed = (name: string): number => lab.world.model.volumes.filter((volume) => volume.name === name).length;

beforeAll(async () => {
  lab = await startLab({ scenario: "clone-assigned" });
  log = memoryLog();
  array = connect();
  gold = first(await array.reader.volumes({ name: GOLD }));
  snapshot = first(await array.reader.snapshots({ volumeId: gold.id }));
});
beforeEach(() => {
  array = connect();
});
afterEach(async () => {
  lab.world.faults.clear();
  await array.close();
});
afterAll(async () => {
  expect(log.text()).not.toContain(lab.info.dgs.password);
  await lab.close();
});

describe("against the lab", () => {
  it("accepts the pinned certificate only, before the password is sent", async () => {
    const stranger = connect({ thumbprint: "00".repeat(32) });
    expect(await refusal(stranger.reader.clients())).toMatchObject({
      code: "CERTIFICATE_UNTRUSTED",
      found: { thumbprint: lab.info.vcenter.thumbprint },
    });
    await stranger.close();
  });

  it("reads what is assigned to a client, and the clone's ancestry", async () => {
    const client = first(await array.reader.clients({ name: "CDS1-ESX165" }));
    const assignment = first(await array.reader.assignments({ clientId: client.id }));
    expect(await array.reader.volume(assignment.volumeId)).toMatchObject({
      declaredKind: "clone",
      parent: { volumeId: gold.id },
    });
  });

  it.each(["http503", "expire-session"] as const)(
    "makes one clone when the call met %s, which was no answer to it",
    async (kind) => {
      fault("CloneSnapshot", { kind });
      const { volumeId } = await newClone(`after-${kind}`, `key-${kind}`);
      expect(await array.reader.volume(volumeId)).toMatchObject({ name: `after-${kind}` });
      expect(clonesNamed(`after-${kind}`)).toBe(1);
    },
  );

  it.each(["reset", "reset-after", "garbage", "hang-after"] as const)(
    "says that it does not know when the call met %s; the same key later makes one clone, not two and not none",
    async (kind) => {
      array = connect({ callMs: 300 });
      fault("CloneSnapshot", { kind });
      const error = await refusal(newClone(`after-${kind}`, `key-${kind}`));
      expect(error).toMatchObject({
        code: "OUTCOME_UNKNOWN",
        found: { operationId: "CloneSnapshot", idempotencyKey: `key-${kind}` },
      });
      await newClone(`after-${kind}`, `key-${kind}`);
      expect(clonesNamed(`after-${kind}`)).toBe(1);
    },
  );

  it("passes on why a job failed", async () => {
    fault("CloneSnapshot", { kind: "job-failed" });
    expect(await refusal(newClone("failed", "key-failed"))).toMatchObject({
      code: "REMOTE_FAULT",
      found: { operationId: "CloneSnapshot", jobId: expect.any(String) },
    });
    expect(clonesNamed("failed")).toBe(0);
  });

  it("follows its job through an outage", async () => {
    fault("GetJob", { kind: "reset" }, 5);
    await newClone("outage", "key-outage");
    expect(clonesNamed("outage")).toBe(1);
  });

  it("reads on after broken connections, refused sessions and busy answers", async () => {
    for (const kind of ["reset", "expire-session", "http503"] as const) {
      fault("ListClients", { kind });
      expect(await array.reader.clients({ name: "CDS1-ESX165" })).toHaveLength(1);
    }
  });

  it("passes the array's 500 on", async () => {
    fault("ListClients", { kind: "http500" });
    expect(await refusal(array.reader.clients())).toMatchObject({ code: "REMOTE_FAULT", found: { status: 500 } });
  });

  it("is refused a delete of gold before the array has to", async () => {
    const before = lab.world.model.volumes.length;
    expect(await refusal(array.writer.deleteClone(gold.id, "key-gold"))).toMatchObject({ code: "FORBIDDEN" });
    expect(lab.world.model.volumes).toHaveLength(before);
  });
});
