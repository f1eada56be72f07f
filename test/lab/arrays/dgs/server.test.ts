import { describe, expect, test } from "vitest";
import { NO_LATENCY } from "../../../../src/lab/world/latency.ts";
import { touchWorld } from "../../../../src/lab/world/touches/touch.ts";
import { goldIn, startArray, type TestArray } from "./array.ts";
import { operationIds } from "./contract.ts";

const clientId = ({ world }: TestArray, name = "CDS1-ESX165"): string =>
  world.model.clients.find((one) => one.name === name)?.id ?? "";

function cloneCall(world: TestArray["world"], name = "a-clone") {
  const { policyId, snapshots } = goldIn(world);
  const path = `/policies/${policyId}/snapshots/${snapshots.at(-1)?.id}/clone`;
  return { method: "POST", path, json: { name } } as const;
}

describe("the contract", () => {
  test("names the fourteen operations of the domain", () => {
    expect([...operationIds].sort()).toEqual([
      "CloneSnapshot",
      "CreateAssignment",
      "CreateSession",
      "CreateSnapshot",
      "DeleteAssignment",
      "DeleteSession",
      "DeleteVolume",
      "GetJob",
      "GetVolume",
      "ListAssignments",
      "ListClients",
      "ListSnapshots",
      "ListVolumes",
      "RollbackSnapshot",
    ]);
  });

  test("holds for a whole round of reads and changes, and for their refusals", async () => {
    const lab = await startArray("empty");
    const { api, world } = lab;
    const { gold, policyId, snapshots } = goldIn(world);
    const [oldest] = snapshots;
    await api.call({ path: "/clients?name=CDS1-ESX165" });
    await api.call({ path: "/volumes" });
    await api.call({ path: `/volumes/${gold.id}` });
    await api.call({ path: "/volumes/vol-9999" });
    await api.call({ path: `/policies/${policyId}/snapshots` });
    await api.call({ path: "/policies/none/snapshots" });

    const made = await api.settle(await api.call(cloneCall(world)));
    const volumeId = made.body.result.volumeId;
    expect((await api.call({ path: `/volumes/${volumeId}` })).body).toMatchObject({
      name: "a-clone",
      kind: "clone",
      parentVolumeId: gold.id,
      parentSnapshotId: snapshots.at(-1)?.id,
      snapshotCount: 0,
    });
    const rollback = { method: "POST", path: `/policies/${policyId}/snapshots/${oldest?.id}/rollback` } as const;
    expect((await api.call(rollback)).status).toBe(409);
    const assign = {
      method: "POST",
      path: `/volumes/${volumeId}/assignments`,
      json: { clientId: clientId(lab) },
    } as const;
    const assigned = await api.settle(await api.call(assign));
    expect((await api.call(assign)).status).toBe(409);
    expect((await api.call({ path: `/assignments?clientId=${clientId(lab)}` })).body.items).toHaveLength(1);
    expect((await api.call({ method: "DELETE", path: `/volumes/${volumeId}` })).status).toBe(409);
    const { assignmentId } = assigned.body.result;
    await api.settle(await api.call({ method: "DELETE", path: `/assignments/${assignmentId}` }));
    expect((await api.call({ method: "DELETE", path: `/assignments/${assignmentId}` })).status).toBe(404);
    await api.settle(await api.call({ method: "DELETE", path: `/volumes/${volumeId}` }));
    expect((await api.call({ method: "DELETE", path: `/volumes/${gold.id}` })).status).toBe(403);
    await api.settle(await api.call(rollback));
    expect((await api.call({ path: `/policies/${policyId}/snapshots` })).body.items).toHaveLength(11);
    await api.call({ path: "/jobs/job-9999" });
    await api.call({ method: "POST", path: "/session", raw: "{" });
    await api.call({ method: "POST", path: "/session", json: { username: "x", password: "y" } });
    expect((await api.call({ method: "DELETE", path: "/session" })).status).toBe(204);
    expect((await api.call({ path: "/volumes" })).status).toBe(401);
    expect((await api.call({ path: "/nowhere" })).status).toBe(404);

    expect([...api.seen].sort()).toEqual([
      "CloneSnapshot 202",
      "CreateAssignment 202",
      "CreateAssignment 409",
      "CreateSession 201",
      "CreateSession 400",
      "CreateSession 401",
      "DeleteAssignment 202",
      "DeleteAssignment 404",
      "DeleteSession 204",
      "DeleteVolume 202",
      "DeleteVolume 403",
      "DeleteVolume 409",
      "GetJob 200",
      "GetJob 404",
      "GetVolume 200",
      "GetVolume 404",
      "ListAssignments 200",
      "ListClients 200",
      "ListSnapshots 200",
      "ListSnapshots 404",
      "ListVolumes 200",
      "ListVolumes 401",
      "RollbackSnapshot 202",
      "RollbackSnapshot 409",
    ]);
    expect(world.mutations.map(({ op }) => op)).toEqual([
      "CloneSnapshot",
      "CreateAssignment",
      "DeleteAssignment",
      "DeleteVolume",
      ...Array.from({ length: 5 }, () => "RollbackSnapshot"),
    ]);
    expect(new Set(world.mutations.map(({ by }) => by))).toEqual(new Set(["tester"]));
  });

  test.each([
    { path: "/volumes?limit=0" },
    { path: "/volumes?limit=1001" },
    { path: "/volumes?kind=gold" },
    { path: "/volumes?name=a&name=b" },
    { path: "/volumes?cursor=bm9uc2Vuc2U" },
  ])("refuses the query $path", async ({ path }) => {
    const { api } = await startArray();
    expect((await api.call({ path })).status).toBe(422);
  });

  test("refuses bodies with too much or too little, and unreadable keys", async () => {
    const { api, world } = await startArray();
    const clone = cloneCall(world);
    expect((await api.call({ ...clone, json: {} })).status).toBe(422);
    expect((await api.call({ ...clone, json: { name: "x", size: 1 } })).status).toBe(422);
    expect((await api.call({ ...clone, headers: { "idempotency-key": "two words" } })).status).toBe(422);
    expect(world.mutations).toEqual([]);
  });
});

test("a clone with a snapshot of its own, or a clone of that, is not deleted", async () => {
  const { api, world } = await startArray();
  const clone = world.model.volumes.find(({ kind }) => kind === "clone");
  const path = `/volumes/${clone?.id}`;
  const touch = (what: "snapshot-clone" | "unassign" | "delete-snapshot", more = {}) =>
    touchWorld(world.state, { what, ...more });
  const [snapshot] = touch("snapshot-clone");
  const of = `/policies/${clone?.policyId}/snapshots/${snapshot}`;
  touch("unassign");
  expect((await api.call({ method: "DELETE", path })).status).toBe(409);
  const child = await api.settle(await api.call({ method: "POST", path: `${of}/clone`, json: { name: "child" } }));
  touch("delete-snapshot", { snapshot });
  expect((await api.call({ method: "DELETE", path })).status).toBe(409);
  await api.settle(await api.call({ method: "DELETE", path: `/volumes/${child.body.result.volumeId}` }));
  expect((await api.call({ method: "DELETE", path })).status).toBe(202);
});

describe("lists", () => {
  test("page with a cursor, each item once, and no cursor at the end", async () => {
    const { api } = await startArray();
    const names: string[] = [];
    let cursor = "";
    let pages = 0;
    do {
      const { body } = await api.call({ path: `/volumes?limit=3${cursor === "" ? "" : `&cursor=${cursor}`}` });
      names.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor ?? "";
      pages += 1;
    } while (cursor !== "");
    expect(pages).toBe(2);
    expect(names).toEqual(["vol-0001", "vol-0002", "vol-0003", "vol-0004"]);
  });

  test("refuse a cursor of another filter", async () => {
    const { api, world } = await startArray();
    const { policyId } = goldIn(world);
    const { body } = await api.call({ path: `/policies/${policyId}/snapshots?limit=1` });
    expect((await api.call({ path: `/volumes?cursor=${body.nextCursor}` })).status).toBe(422);
  });

  test("match names exactly, case and all", async () => {
    const { api } = await startArray();
    const named = async (name: string) => (await api.call({ path: `/volumes?name=${name}` })).body.items.length;
    expect(await named("AutomatedTest-VMBootImg-Gold")).toBe(1);
    expect(await named("automatedtest-vmbootimg-gold")).toBe(0);
  });

  test("show clones by parent", async () => {
    const { api, world } = await startArray();
    const { gold } = goldIn(world);
    const { body } = await api.call({ path: `/volumes?parentVolumeId=${gold.id}` });
    expect(body.items).toHaveLength(1);
    expect(body.items[0]?.kind).toBe("clone");
  });
});

describe("jobs", () => {
  test("make the change when they run, not when they are accepted", async () => {
    const { api, world } = await startArray();
    const volumes = world.model.volumes.length;
    const accepted = await api.call(cloneCall(world));
    expect(accepted.status).toBe(202);
    expect(accepted.body).toMatchObject({ state: "queued", progress: 0 });
    expect(accepted.headers["location"]).toBe(`/api/v1/jobs/${accepted.body.id}`);
    expect((await api.settle(accepted)).body).toMatchObject({ state: "succeeded", progress: 100 });
    expect(world.model.volumes).toHaveLength(volumes + 1);
  });

  test("answer a repeated key with the first job, also once the request could no longer be made", async () => {
    const lab = await startArray("empty");
    const { api, world } = lab;
    const call = {
      method: "POST",
      path: `/volumes/${goldIn(world).gold.id}/assignments`,
      json: { clientId: clientId(lab) },
      headers: { "idempotency-key": "run-1/assign" },
    } as const;
    const first = await api.settle(await api.call(call));
    const repeat = await api.call(call);
    expect(repeat.status).toBe(202);
    expect(repeat.body).toEqual(first.body);
    expect(world.mutations).toHaveLength(1);
  });

  test("refuse a key that stood for another request", async () => {
    const { api, world } = await startArray();
    const headers = { "idempotency-key": "k" };
    await api.settle(await api.call({ ...cloneCall(world, "one"), headers }));
    expect((await api.call({ ...cloneCall(world, "two"), headers })).status).toBe(422);
  });

  test("leave the key of a refused call unused", async () => {
    const lab = await startArray("gold-assigned");
    const { api, world } = lab;
    const { gold } = goldIn(world);
    const call = {
      method: "POST",
      path: `/volumes/${gold.id}/assignments`,
      json: { clientId: clientId(lab) },
      headers: { "idempotency-key": "k" },
    } as const;
    expect((await api.call(call)).status).toBe(409);
    const [assignment] = world.model.assignments;
    await api.settle(await api.call({ method: "DELETE", path: `/assignments/${assignment?.id}` }));
    expect((await api.call(call)).status).toBe(202);
  });

  test("fail with the refusal when the world has moved on by the time they run", async () => {
    const { api, world } = await startArray("empty");
    const made = await api.settle(await api.call(cloneCall(world)));
    const path = `/volumes/${made.body.result.volumeId}`;
    const both = await Promise.all([api.call({ method: "DELETE", path }), api.call({ method: "DELETE", path })]);
    const ends = await Promise.all(both.filter(({ status }) => status === 202).map((one) => api.settle(one)));
    expect(world.mutations.filter(({ op }) => op === "DeleteVolume")).toHaveLength(1);
    expect(ends.filter(({ body }) => body.state === "succeeded")).toHaveLength(1);
    for (const { body } of ends.filter((one) => one.body.state === "failed")) expect(body.error.status).toBe(404);
  });

  test("are gone after a reset, while the session stays", async () => {
    const { api, world } = await startArray();
    const { body } = await api.settle(await api.call(cloneCall(world)));
    world.reset({ scenario: "empty" });
    expect((await api.call({ path: `/jobs/${body.id}` })).status).toBe(404);
    expect((await api.call({ path: "/clients" })).status).toBe(200);
  });
});

describe("faults", () => {
  const clones = ({ world }: TestArray): number => world.mutations.filter(({ op }) => op === "CloneSnapshot").length;

  test.each([
    { kind: "http500", status: 500 },
    { kind: "http503", status: 503 },
  ] as const)("$kind answers $status and changes nothing", async ({ kind, status }) => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind } });
    expect((await lab.api.call(cloneCall(lab.world))).status).toBe(status);
    expect(clones(lab)).toBe(0);
    expect((await lab.api.call(cloneCall(lab.world))).status).toBe(202);
  });

  test("reset closes the connection before the change", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind: "reset" } });
    await expect(lab.api.call(cloneCall(lab.world))).rejects.toThrow();
    expect(clones(lab)).toBe(0);
  });

  test("reset-after makes the change, then closes the connection; the key finds its job again", async () => {
    const lab = await startArray();
    lab.world.reset({ scenario: "clone-assigned" }, { ...NO_LATENCY, dgs: 10 });
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind: "reset-after" } });
    const call = { ...cloneCall(lab.world), headers: { "idempotency-key": "k" } };
    await expect(lab.api.call(call)).rejects.toThrow();
    expect(clones(lab)).toBe(1);
    expect((await lab.api.call(call)).body.state).toBe("succeeded");
    expect(clones(lab)).toBe(1);
  });

  test("http500-after fails once the change is made", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind: "http500-after" } });
    expect((await lab.api.call(cloneCall(lab.world))).status).toBe(500);
    expect(clones(lab)).toBe(1);
  });

  test("echo-secrets tells in its text what the array was given", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind: "echo-secrets" } });
    const { status, body } = await lab.api.call(cloneCall(lab.world));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).toContain(lab.credentials.password);
    expect(clones(lab)).toBe(0);
  });

  test.each([
    { kind: "hang", made: 0 },
    { kind: "hang-after", made: 1 },
  ] as const)("$kind never answers, with $made changes made", async ({ kind, made }) => {
    const lab = await startArray();
    const changed = new Promise<void>((resolve) => lab.world.onChange(resolve));
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind } });
    const call = expect(lab.api.call(cloneCall(lab.world))).rejects.toThrow();
    if (made > 0) await changed;
    else await lab.api.call({ path: "/clients" });
    await lab.server.close();
    await call;
    expect(clones(lab)).toBe(made);
  });

  test.each([
    { kind: "hang", made: 0 },
    { kind: "hang-after", made: 1 },
  ] as const)("$kind ends with a lost reply when the faults are cleared", async ({ kind, made }) => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind } });
    const call = expect(lab.api.call(cloneCall(lab.world))).rejects.toThrow();
    await expect.poll(() => lab.world.faults.calls().dgs["CloneSnapshot"]).toBe(1);
    lab.world.faults.clear();
    await call;
    expect(clones(lab)).toBe(made);
    expect((await lab.api.call({ path: "/clients" })).status).toBe(200);
  });

  test.each(["hang", "hang-after"] as const)("%s ends with a reset, and leaves the new world alone", async (kind) => {
    const lab = await startArray();
    lab.world.reset({ scenario: "clone-assigned" }, { ...NO_LATENCY, dgs: 50 });
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind } });
    const call = expect(lab.api.call(cloneCall(lab.world))).rejects.toThrow();
    await expect.poll(() => lab.world.faults.calls().dgs["CloneSnapshot"]).toBe(1);
    lab.world.reset({ scenario: "clone-assigned" });
    await call;
    expect(clones(lab)).toBe(0);
  });

  test("garbage is no JSON", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "*", action: { kind: "garbage" } });
    await expect(lab.api.call({ path: "/clients" })).rejects.toThrow(SyntaxError);
  });

  test("expire-session ends the session of the call", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "ListClients", action: { kind: "expire-session" } });
    expect((await lab.api.call({ path: "/clients" })).status).toBe(401);
    expect((await lab.api.call({ path: "/clients" })).status).toBe(401);
    await lab.api.signIn(lab.credentials);
    expect((await lab.api.call({ path: "/clients" })).status).toBe(200);
  });

  test("job-failed accepts the call and fails the job with nothing changed", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "CloneSnapshot", action: { kind: "job-failed" } });
    const job = await lab.api.settle(await lab.api.call(cloneCall(lab.world)));
    expect(job.body).toMatchObject({ state: "failed", error: { status: 500 } });
    expect(clones(lab)).toBe(0);
  });

  test("hit from the nth call on, so many times", async () => {
    const lab = await startArray();
    lab.world.faults.add({ api: "dgs", op: "ListClients", nth: 2, times: 2, action: { kind: "http500" } });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await lab.api.call({ path: "/clients" })).status);
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect(lab.world.faults.calls().dgs).toEqual({ CreateSession: 1, ListClients: 4 });
  });
});
