import nock from "nock";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { asAssignmentId, asClientId, asSnapshotId, asVolumeId } from "../../../src/core/domain/ids.ts";
import { clone, everything, type Opened, open, PASSWORD, refusal, session, TOKEN } from "./support.ts";

const URL = "https://dgs.test";
const API = "/api/v1";
const PROBLEM = { "content-type": "application/problem+json" };

let dgs: Opened;
beforeAll(() => nock.disableNetConnect());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});
beforeEach(() => {
  dgs = open(URL);
});
afterEach(async () => {
  nock.cleanAll();
  nock(URL).delete(`${API}/session`).optionally().reply(204);
  await dgs.close();
  nock.cleanAll();
  // Whatever was met, the secrets did not get into the log.
  expect(dgs.log.text()).not.toContain(PASSWORD);
  expect(dgs.log.text()).not.toContain(TOKEN);
});

const site = (): nock.Scope => nock(URL).post(`${API}/session`).optionally().times(3).reply(201, session);
const list = (path: string) => (uri: string) => uri.startsWith(`${API}${path}?`);
const problem = (status: number, title: string, detail: string) => ({ type: "about:blank", status, title, detail });
const job = (more: object) => ({ id: "job-1", state: "running", progress: 10, ...more });

describe("reading", () => {
  it("follows all pages, asks for a thousand, and keeps an item that moved between pages once", async () => {
    const queries: unknown[] = [];
    site()
      .get(list("/clients"))
      .times(2)
      .reply((request: Request) => {
        const query = new globalThis.URL(request.url).searchParams;
        queries.push(Object.fromEntries(query));
        const items = (query.has("cursor") ? [2, 3] : [1, 2]).map((n) => ({
          id: `c${n}`,
          name: "A&B",
          hostAddress: "h",
          initiators: [],
        }));
        return [200, query.has("cursor") ? { items } : { items, nextCursor: "next/page?" }];
      });
    expect((await dgs.reader.clients({ name: "A&B" })).map(({ id }) => id)).toEqual(["c1", "c2", "c3"]);
    expect(queries).toEqual([
      { name: "A&B", limit: "1000" },
      { name: "A&B", limit: "1000", cursor: "next/page?" },
    ]);
  });

  it("selects again what an appliance without that filter sends", async () => {
    site()
      .get(list("/volumes"))
      .reply(200, { items: [clone, { ...clone, id: "vol-8", name: "Clone" }] });
    expect((await dgs.reader.volumes({ name: "clone" })).map(({ id }) => id)).toEqual(["vol-7"]);
  });

  it("brings a volume's identifiers and times into the one form", async () => {
    site()
      .get(`${API}/volumes/vol-7`)
      .reply(200, { ...clone, policyId: null, futureMember: 1 });
    const volume = await dgs.reader.volume(asVolumeId("vol-7"));
    expect(volume).toEqual({
      id: clone.id,
      name: clone.name,
      declaredKind: "clone",
      sizeBytes: clone.sizeBytes,
      parent: { volumeId: clone.parentVolumeId, snapshotId: clone.parentSnapshotId },
      naa: "naa.6000000000000000000000000000abcd",
      createdAt: "2026-11-22T09:00:00.000Z",
    });
  });

  it("has no half characters in what is not shown either: an address, an initiator", async () => {
    const client = { id: "c-1", name: "web", hostAddress: "10.0.0.1\ud83d", initiators: ["\ud83diqn.x", "\u{1f319}"] };
    site()
      .get(list("/clients"))
      .reply(200, JSON.stringify({ items: [client] }), { "content-type": "application/json" });
    expect(await dgs.reader.clients()).toMatchObject([
      { hostAddress: "10.0.0.1\ufffd", initiators: ["\ufffdiqn.x", "\u{1f319}"] },
    ]);
  });

  it("does not take a number for an id: beyond 2^53 two of them could be one", async () => {
    const body = JSON.stringify({ items: [{ ...clone, id: "@" }] }).replace('"@"', "9007199254740993");
    site().get(list("/volumes")).reply(200, body, { "content-type": "application/json" });
    const refused = await refusal(dgs.reader.volumes({}));
    expect(refused).toMatchObject({ code: "REMOTE_GARBAGE" });
    expect(refused.message).toContain("items[0].id");
  });

  it("knows no volume where the array itself says so", async () => {
    site()
      .get(`${API}/volumes/v`)
      .reply(404, problem(404, "Not found", "no v"), PROBLEM);
    expect(await dgs.reader.volume(asVolumeId("v"))).toBeUndefined();
  });

  it("does not take a web server's missing page for a missing volume", async () => {
    site().get(`${API}/volumes/v`).reply(404, "<html>not here</html>", { "content-type": "text/html" });
    expect(await refusal(dgs.reader.volume(asVolumeId("v")))).toMatchObject({
      code: "REMOTE_FAULT",
      found: { status: 404 },
    });
  });

  it("passes a refusal on in the array's words, capped and without control characters", async () => {
    site()
      .get(`${API}/volumes/v`)
      .reply(200, { ...clone, id: "v", policyId: "p" })
      .get(list("/policies/p/snapshots"))
      .reply(404, problem(404, "No\u001b[2J policy", "x".repeat(5_000)), PROBLEM);
    const error = await refusal(dgs.reader.snapshots({ volumeId: asVolumeId("v") }));
    expect(error).toMatchObject({
      code: "REMOTE_FAULT",
      found: { operationId: "ListSnapshots", policyId: "p", status: 404 },
    });
    expect(error.message).toContain("No[2J policy: xxx");
    expect(error.message.length).toBeLessThan(500);
  });

  it("is tried once more after a broken connection", async () => {
    site()
      .get(list("/clients"))
      .replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }))
      .get(list("/clients"))
      .reply(200, { items: [] });
    expect(await dgs.reader.clients()).toEqual([]);
  });

  it("gives up after the second broken connection", async () => {
    site()
      .get(list("/clients"))
      .times(2)
      .replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    const error = await refusal(dgs.reader.clients());
    expect(error).toMatchObject({
      code: "UNREACHABLE",
      retryable: true,
      found: { operationId: "ListClients", address: URL },
    });
  });

  it("waits as long as a 503 asks, within reason, and tries once more", async () => {
    site()
      .get(list("/clients"))
      .reply(503, "busy", { "retry-after": "2" })
      .get(list("/clients"))
      .reply(200, { items: [] });
    expect(await dgs.reader.clients()).toEqual([]);
    site().get(list("/clients")).times(2).reply(503, "busy", { "retry-after": "3600" });
    expect(await refusal(dgs.reader.clients())).toMatchObject({ code: "UNREACHABLE", found: { status: 503 } });
    expect(dgs.clock.slept).toEqual([2_000, 5_000]);
  });
});

describe("an answer that is not the interface's", () => {
  it.each([
    ["no JSON", "<html>PORTAL-CANARY</html>", "no JSON"],
    ["another document", { volumes: [] }, "items: "],
    ["a field of another type", { items: [clone, { ...clone, sizeBytes: "PORTAL-CANARY" }] }, "items[1].sizeBytes: "],
    ["a kind that is not known", { items: [{ ...clone, kind: "PORTAL-CANARY" }] }, "items[0].kind: "],
    ["a short GUID", { items: [{ ...clone, guid: "60A98" }] }, "items[0].guid: is not 32 hex digits"],
    ["an id that is a number, which JSON may round", { items: [{ ...clone, id: 12_345 }] }, "items[0].id: "],
    ["an id that leaves its path", { items: [{ ...clone, id: ".." }] }, "items[0].id: is no usable id"],
    [
      "a time that is none",
      { items: [{ ...clone, createdAt: "yesterday" }] },
      "items[0].createdAt: is no ISO 8601 time",
    ],
  ])("is told by call and field, not by its content: %s", async (_what, body, field) => {
    site().get(list("/volumes")).reply(200, body);
    const error = await refusal(dgs.reader.volumes());
    expect(error).toMatchObject({ code: "REMOTE_GARBAGE", found: { operationId: "ListVolumes" } });
    expect(error.message).toContain(field);
    expect(everything(error)).not.toContain("PORTAL-CANARY");
  });

  it("is a list that goes round in circles", async () => {
    site().get(list("/volumes")).times(2).reply(200, { items: [], nextCursor: "again" });
    expect((await refusal(dgs.reader.volumes())).message).toContain("circle");
  });

  it("is another volume than the one asked for", async () => {
    site().get(`${API}/volumes/vol-8`).reply(200, clone);
    expect(await refusal(dgs.reader.volume(asVolumeId("vol-8")))).toMatchObject({ code: "REMOTE_GARBAGE" });
  });
});

describe("the session", () => {
  const authorized = (token: string) => ({ reqheaders: { authorization: `Bearer ${token}` } });

  it("is one for calls made at once, and is ended at the close", async () => {
    nock(URL).post(`${API}/session`, { username: "operator", password: PASSWORD }).reply(201, session);
    nock(URL, authorized(TOKEN)).get(list("/clients")).times(2).reply(200, { items: [] });
    await Promise.all([dgs.reader.clients(), dgs.reader.clients()]);
    const ended = nock(URL, authorized(TOKEN)).delete(`${API}/session`).reply(204);
    await dgs.close();
    expect(ended.isDone()).toBe(true);
  });

  it("is renewed before it expires", async () => {
    nock(URL)
      .post(`${API}/session`)
      .reply(201, session)
      .post(`${API}/session`)
      .reply(201, { ...session, token: "second-canary-token", expiresAt: "2026-11-23T12:00:00Z" });
    nock(URL, authorized(TOKEN)).get(list("/clients")).reply(200, { items: [] });
    nock(URL, authorized("second-canary-token")).get(list("/clients")).reply(200, { items: [] });
    await dgs.reader.clients();
    dgs.clock.advance(3_600_000 - 29_000);
    await dgs.reader.clients();
    expect(nock.isDone()).toBe(true);
  });

  it("is made anew after a 401, and the change sent again with its key", async () => {
    const keys: unknown[] = [];
    site()
      .delete(`${API}/assignments/a`)
      .times(2)
      .reply((request: Request) => {
        keys.push(request.headers.get("idempotency-key"));
        return keys.length === 1
          ? [401, problem(401, "Expired", ""), PROBLEM]
          : [202, job({ state: "succeeded", progress: 100 })];
      });
    await dgs.writer.unassign(asAssignmentId("a"), "key-1");
    expect(keys).toEqual(["key-1", "key-1"]);
  });

  it("that is refused again at once is a failed authentication", async () => {
    site()
      .get(list("/clients"))
      .times(2)
      .reply(401, problem(401, "Expired", ""), PROBLEM);
    expect(await refusal(dgs.reader.clients())).toMatchObject({ code: "AUTHENTICATION_FAILED", retryable: false });
  });

  it("that is not given says whose credentials, and where they are configured", async () => {
    nock(URL)
      .post(`${API}/session`)
      .reply(401, problem(401, "Wrong", `no ${PASSWORD}`), PROBLEM);
    const error = await refusal(dgs.reader.clients());
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", found: { username: "operator", status: 401 } });
    expect(error.hint).toContain("array.password");
    expect(everything(error)).not.toContain(PASSWORD);
  });

  it("that was refused is asked for again on the next call", async () => {
    nock(URL)
      .post(`${API}/session`)
      .reply(503)
      .post(`${API}/session`)
      .reply(201, session)
      .get(list("/clients"))
      .reply(200, { items: [] });
    expect(await refusal(dgs.reader.clients())).toMatchObject({ code: "UNREACHABLE" });
    expect(await dgs.reader.clients()).toEqual([]);
  });

  it("without a usable token is garbage", async () => {
    nock(URL).post(`${API}/session`).reply(201, { token: "a\nb", expiresAt: session.expiresAt });
    expect(await refusal(dgs.reader.clients())).toMatchObject({
      code: "REMOTE_GARBAGE",
      found: { operationId: "CreateSession" },
    });
  });

  it("passes on that the password is missing", async () => {
    const none = open(URL, { password: () => Promise.reject(new Error("no such secret")) });
    await expect(none.reader.clients()).rejects.toThrow("no such secret");
    await none.close();
  });
});

describe("a change", () => {
  const clonePath = `${API}/policies/p/snapshots/s/clone`;
  const what = { volumeId: asVolumeId("v"), snapshotId: asSnapshotId("s"), name: "n" };
  const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
  const keyed = { reqheaders: { "idempotency-key": "run-1:3" } };

  // The policy that the gold volume is under is the driver's to find.
  beforeEach(() => {
    nock(URL)
      .get(`${API}/volumes/v`)
      .optionally()
      .times(2)
      .reply(200, { ...clone, id: "v", policyId: "p" });
  });

  it("follows its job with growing waits, and tells how far it is", async () => {
    site()
      .post(clonePath, { name: "n" })
      .reply(202, job({ state: "queued", progress: 0 }));
    for (const progress of [0, 40, 40, 80]) nock(URL).get(`${API}/jobs/job-1`).reply(200, job({ progress }));
    nock(URL)
      .get(`${API}/jobs/job-1`)
      .reply(200, job({ state: "succeeded", progress: 100, result: { volumeId: "vol-9" } }));
    const told: number[] = [];
    expect(await dgs.writer.createClone(what, "run-1:3", (percent) => told.push(percent))).toEqual({
      volumeId: "vol-9",
    });
    expect(told).toEqual([0, 40, 80, 100]);
    expect(dgs.clock.slept).toEqual([5, 10, 20, 40]);
  });

  it("never waits more than a second between two looks", async () => {
    site().post(clonePath).reply(202, job({}));
    nock(URL).get(`${API}/jobs/job-1`).times(20).reply(200, job({}));
    nock(URL)
      .get(`${API}/jobs/job-1`)
      .reply(200, job({ state: "succeeded", result: { volumeId: "v" } }));
    await dgs.writer.createClone(what, "k");
    expect(Math.max(...dgs.clock.slept)).toBe(1_000);
  });

  it("whose job fails is refused with the array's reason", async () => {
    const error = problem(500, "Pool full", "no space\nleft");
    site()
      .post(clonePath)
      .reply(202, job({ state: "failed", error }));
    const met = await refusal(dgs.writer.createClone(what, "k"));
    expect(met).toMatchObject({
      code: "REMOTE_FAULT",
      found: { operationId: "CloneSnapshot", snapshotId: "s", jobId: "job-1" },
    });
    expect(met.message).toContain("Pool full: no space left");
  });

  it("for which the array has no room is told as that, refused at once or by its job", async () => {
    const error = problem(507, "Insufficient storage", "Pool 1 is full.");
    site().post(clonePath).reply(507, error, PROBLEM);
    const refused = await refusal(dgs.writer.createClone(what, "k"));
    nock(URL)
      .post(clonePath)
      .reply(202, job({ state: "failed", error }));
    const failed = await refusal(dgs.writer.createClone(what, "k"));
    for (const met of [refused, failed]) {
      expect(met).toMatchObject({ code: "NO_SPACE", next: [{ kind: "plan_with", option: "releaseFirst" }] });
      expect(met.message).toContain("Pool 1 is full.");
    }
  });

  it("that the array refuses is sent once", async () => {
    site()
      .post(`${API}/volumes/v/assignments`, { clientId: "c" })
      .reply(409, problem(409, "Conflict", "assigned already"), PROBLEM)
      .get(list("/assignments"))
      .reply(200, { items: [] });
    const assigning = dgs.writer.assign({ volumeId: asVolumeId("v"), clientId: asClientId("c") }, "k");
    const error = await refusal(assigning);
    expect(error).toMatchObject({
      code: "REMOTE_FAULT",
      found: { operationId: "CreateAssignment", volumeId: "v", clientId: "c", status: 409 },
    });
    expect(error.message).toContain("Conflict: assigned already");
  });

  it.each([
    ["the connection broke", (scope: nock.Interceptor) => scope.replyWithError(reset)],
    ["the answer is garbage", (scope: nock.Interceptor) => scope.reply(202, "]]")],
    ["a gateway gave up", (scope: nock.Interceptor) => scope.reply(504, "gateway")],
    [
      "the array failed in the middle",
      (scope: nock.Interceptor) => scope.reply(500, problem(500, "Oops", ""), PROBLEM),
    ],
    ["a gateway failed", (scope: nock.Interceptor) => scope.reply(502, "gateway")],
    [
      "the job is done and names no clone",
      (scope: nock.Interceptor) => scope.reply(202, job({ state: "succeeded", progress: 100 })),
    ],
  ])("is sent once when %s: its outcome is unknown, and the error says what to look for", async (_why, fail) => {
    site();
    fail(nock(URL, keyed).post(clonePath));
    const again = nock(URL, keyed)
      .post(clonePath)
      .reply(202, job({ state: "succeeded" }));
    const error = await refusal(dgs.writer.createClone(what, "run-1:3"));
    expect(error).toMatchObject({
      code: "OUTCOME_UNKNOWN",
      retryable: false,
      found: { operationId: "CloneSnapshot", policyId: "p", snapshotId: "s", idempotencyKey: "run-1:3" },
    });
    expect(everything(error)).not.toContain(TOKEN);
    expect(again.isDone()).toBe(false);
  });

  it("that found the array busy was not made, and is sent once more with its key", async () => {
    site();
    nock(URL, keyed).post(`${API}/policies/p/snapshots/s/rollback`).reply(503, "busy");
    nock(URL, keyed)
      .post(`${API}/policies/p/snapshots/s/rollback`)
      .reply(202, job({ state: "succeeded" }));
    expect(await dgs.writer.rollback(what, "run-1:3")).toEqual({ naa: "naa.6000000000000000000000000000abcd" });
    expect(nock.pendingMocks().filter((mock) => mock.includes("rollback"))).toEqual([]);
  });

  it("that found the array busy twice was not made", async () => {
    site().post(clonePath).times(2).reply(503, "busy");
    expect(await refusal(dgs.writer.createClone(what, "k"))).toMatchObject({ code: "UNREACHABLE" });
  });

  it("outlives looks at its job that fail", async () => {
    site().post(clonePath).reply(202, job({}));
    nock(URL)
      .get(`${API}/jobs/job-1`)
      .reply(500, problem(500, "Failing over", ""), PROBLEM);
    nock(URL).get(`${API}/jobs/job-1`).times(4).replyWithError(reset);
    nock(URL)
      .get(`${API}/jobs/job-1`)
      .reply(200, job({ state: "succeeded", result: { volumeId: "v" } }));
    expect(await dgs.writer.createClone(what, "k")).toEqual({ volumeId: "v" });
  });

  it.each([404, 405])("that the array lacks, as its contract allows, is told as that: %i", async (status) => {
    site()
      .post(`${API}/policies/p/snapshots`, { volumeId: "v", name: "after_the_edit" })
      .reply(status, problem(status, "No such call", ""), PROBLEM);
    const taking = dgs.writer.takeSnapshot?.({ volumeId: asVolumeId("v"), name: "after_the_edit" }, "k");
    expect(await refusal(taking ?? Promise.resolve("there is no such call"))).toMatchObject({
      code: "NOT_SUPPORTED",
      hint: "Take the snapshot on the appliance itself.",
      extra: { settled: true },
    });
  });

  it("whose job the array has forgotten has an unknown outcome", async () => {
    site().post(clonePath).reply(202, job({}));
    nock(URL)
      .get(`${API}/jobs/job-1`)
      .reply(404, problem(404, "Not found", "no job"), PROBLEM);
    expect(await refusal(dgs.writer.createClone(what, "k"))).toMatchObject({
      code: "OUTCOME_UNKNOWN",
      found: { jobId: "job-1" },
    });
  });

  it("is waited for no longer where the machine's clock is set back meanwhile", async () => {
    site().post(clonePath).reply(202, job({}));
    nock(URL)
      .get(`${API}/jobs/job-1`)
      .times(100)
      .reply(() => {
        dgs.clock.set(-3_600_000);
        return [200, job({})];
      });
    const error = await refusal(dgs.writer.createClone(what, "k"));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(error.message).toContain("is not over after 60 s");
  });

  it("whose job does not end in time has an unknown outcome", async () => {
    site().post(clonePath).reply(202, job({}));
    nock(URL).get(`${API}/jobs/job-1`).times(100).reply(200, job({}));
    const error = await refusal(dgs.writer.createClone(what, "k"));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", found: { jobId: "job-1", idempotencyKey: "k" } });
    expect(error.message).toContain("60 s (limits.arrayJob)");
  });
});

describe("deleting a clone", () => {
  it("sends nothing for a gold volume", async () => {
    site()
      .get(`${API}/volumes/vol-1`)
      .reply(200, { ...clone, id: "vol-1", kind: "gold" });
    const sent = nock(URL)
      .delete(`${API}/volumes/vol-1`)
      .reply(202, job({ state: "succeeded" }));
    expect(await refusal(dgs.writer.deleteClone(asVolumeId("vol-1"), "k"))).toMatchObject({
      code: "FORBIDDEN",
      found: { volumeId: "vol-1", kind: "gold" },
    });
    expect(sent.isDone()).toBe(false);
  });

  it("sends nothing when the kind cannot be read", async () => {
    site()
      .get(`${API}/volumes/vol-1`)
      .reply(200, { ...clone, id: "vol-1", kind: "mirror" });
    const sent = nock(URL)
      .delete(`${API}/volumes/vol-1`)
      .reply(202, job({ state: "succeeded" }));
    expect(await refusal(dgs.writer.deleteClone(asVolumeId("vol-1"), "k"))).toMatchObject({ code: "REMOTE_GARBAGE" });
    expect(sent.isDone()).toBe(false);
  });

  it("is done when the clone is gone already", async () => {
    site()
      .get(`${API}/volumes/vol-7`)
      .reply(404, problem(404, "Not found", ""), PROBLEM);
    await dgs.writer.deleteClone(asVolumeId("vol-7"), "k");
  });

  it("deletes a clone by its id", async () => {
    site()
      .get(`${API}/volumes/vol-7`)
      .reply(200, clone)
      .delete(`${API}/volumes/vol-7`)
      .reply(202, job({ state: "succeeded" }));
    await dgs.writer.deleteClone(asVolumeId("vol-7"), "k");
    expect(nock.pendingMocks().filter((mock) => mock.includes("DELETE"))).toEqual([]);
  });
});
