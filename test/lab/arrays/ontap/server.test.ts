import { describe, expect, test } from "vitest";
import { parseDoubts } from "../../../../src/lab/arrays/ontap/doubts.ts";
import { basic, CREDENTIALS, startArray, type TestOntap, TOKEN } from "./array.ts";

const SVM = { name: "lab1" };
const GOLD = "AutomatedTest_VMBootImg_Gold";

function goldIn({ world }: TestOntap) {
  const gold = world.model.volumes.find(({ name }) => name === GOLD);
  if (gold === undefined) throw new Error("no gold");
  const [oldest, ...rest] = world.model.snapshots.filter(({ volumeId }) => volumeId === gold.id);
  const latest = rest.at(-1);
  if (oldest === undefined || latest === undefined) throw new Error("no snapshots");
  return { gold, oldest, latest };
}

const cloneOf = (array: TestOntap, name: string, snapshot = goldIn(array).latest.id) => ({
  method: "POST" as const,
  json: {
    svm: SVM,
    name,
    clone: { is_flexclone: true, parent_volume: { uuid: goldIn(array).gold.id }, parent_snapshot: { uuid: snapshot } },
  },
});

async function makeClone(array: TestOntap, name = "a_clone", snapshot?: string): Promise<string> {
  const made = await array.jobOf(await array.call("/storage/volumes", cloneOf(array, name, snapshot)));
  expect(made).toMatchObject({ state: "success", code: 0 });
  const { body } = await array.call(`/storage/volumes?svm.name=lab1&name=${name}`);
  return body.records[0]?.uuid ?? "";
}

async function mapOf(array: TestOntap, volume: string) {
  const { body } = await array.call(`/storage/luns?location.volume.uuid=${volume}`);
  const lun = body.records[0]?.uuid ?? "";
  const igroup = array.world.model.clients[0]?.id ?? "";
  const made = await array.call("/protocols/san/lun-maps?return_records=true", {
    method: "POST",
    json: { svm: SVM, lun: { uuid: lun }, igroup: { uuid: igroup } },
  });
  return { made, path: `/protocols/san/lun-maps/${lun}/${igroup}`, lun, igroup };
}

describe("who calls", () => {
  test("is known by Basic on every call, or by a bearer token where the release has them", async () => {
    const array = await startArray();
    const as = async (authorization: string) => (await array.call("/cluster", { headers: { authorization } })).status;
    expect([await as(basic()), await as(`Bearer ${TOKEN}`), await as("Bearer wrong")]).toEqual([200, 200, 401]);
    const wrong = { headers: { authorization: basic({ ...CREDENTIALS, password: "no" }) } };
    expect(await array.call("/cluster", wrong)).toMatchObject({ status: 401, body: { error: { code: "6691623" } } });
    const old = await startArray({ version: "9.10" });
    expect((await old.call("/cluster", { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(401);
    expect((await old.call("/cluster")).body).toMatchObject({ version: { generation: 9, major: 10 } });
  });
});

describe("lists", () => {
  test("give name and uuid, and what fields ask for, without what is not set", async () => {
    const array = await startArray({ scenario: "clone-assigned" });
    const plain = await array.call(`/storage/volumes?name=${GOLD}&svm.name=lab1`);
    expect(plain.body.records).toEqual([{ uuid: goldIn(array).gold.id, name: GOLD }]);
    const { body } = await array.call("/storage/volumes?svm.name=lab1&fields=clone.parent_volume.name,state");
    expect(body.records).toContainEqual(expect.objectContaining({ clone: { parent_volume: { name: GOLD } } }));
    expect(body.records.find(({ name }) => name === GOLD)).not.toHaveProperty("clone");
    expect(body).not.toHaveProperty("_links.self");
    const hal = await array.call("/storage/volumes", { headers: { accept: "*/*" } });
    expect(hal.body.records[0]).toHaveProperty("_links.self.href");
  });

  test("are filtered by value, alternatives, negation, wildcard and null; an unset member never matches a value", async () => {
    const array = await startArray();
    const names = async (filter: string) =>
      (await array.call(`/storage/volumes?${filter}`)).body.records.map(({ name }) => name);
    expect(await names("svm.name=lab1&type=rw&is_svm_root=false&state=offline")).toEqual(["retired"]);
    expect(await names("name=iso_library|retired")).toEqual(["iso_library", "retired"]);
    expect(await names(`name=${GOLD}`)).toEqual([GOLD, GOLD]);
    expect(await names("svm.name=!lab1")).toEqual([GOLD]);
    expect(await names("name=AutomatedTest_VMBootImg_G*&svm.name=lab1")).toEqual([GOLD, `${GOLD}_2`]);
    expect(await names("clone.parent_volume.name=!nothing")).toEqual([]);
    expect(await names("clone.parent_volume.name=null&name=retired")).toEqual(["retired"]);
  });

  test("refuse fields and filters that there are not", async () => {
    const { call } = await startArray();
    expect((await call("/storage/volumes?fields=colour")).body.error).toMatchObject({ code: "262197" });
    expect((await call("/storage/luns?colour=red")).body.error).toMatchObject({ code: "262179" });
  });

  test.each(["full", "empty"])("are followed by next.href alone, also where the first page is %s", async (first) => {
    const { call } = await startArray({ scenario: "fleet", doubts: `first-page=${first}` });
    const seen: string[] = [];
    let pages = 0;
    for (let path: string | undefined = "/api/storage/volumes?max_records=7&fields=name"; path !== undefined; ) {
      const { body }: Awaited<ReturnType<typeof call>> = await call(path);
      seen.push(...body.records.map(({ uuid }) => uuid));
      path = body._links.next?.href;
      pages += 1;
    }
    const all = (await call("/storage/volumes?max_records=10000")).body.records;
    if (first === "full") expect(seen).toEqual(all.map(({ uuid }) => uuid));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(20);
    expect(pages).toBe(Math.ceil(seen.length / 7) + (first === "empty" ? 1 : 0));
  });
});

describe("a clone", () => {
  test("has its parent's LUN under another serial, and lists the parent's snapshot as its own", async () => {
    const array = await startArray();
    const uuid = await makeClone(array);
    const { gold, latest } = goldIn(array);
    const fields = "clone,snapshot_count,snapshot_policy.name";
    expect((await array.call(`/storage/volumes/${uuid}?fields=${fields}`)).body).toMatchObject({
      clone: { is_flexclone: true, parent_volume: { uuid: gold.id }, parent_snapshot: { uuid: latest.id } },
      snapshot_count: 1,
      snapshot_policy: { name: "default" },
    });
    const luns = await array.call("/storage/luns?svm.name=lab1&fields=serial_number,location.volume.name");
    const serials = luns.body.records.map((lun) => lun["serial_number"]);
    expect(new Set(serials).size).toBe(serials.length);
    expect(serials.every((serial) => /^[!-~]{12}$/.test(String(serial)))).toBe(true);
  });

  test("is refused a name that is taken or not allowed, a snapshot that is not the parent's, a policy of its own", async () => {
    const array = await startArray();
    await makeClone(array, "taken");
    const codeOf = async (sent: ReturnType<typeof cloneOf>) =>
      (await array.call("/storage/volumes", sent)).body.error?.code;
    expect(await codeOf(cloneOf(array, "taken"))).toBe("917526");
    expect(await codeOf(cloneOf(array, "retired"))).toBe("917526");
    expect(await codeOf(cloneOf(array, "a-b"))).toBe("917888");
    expect(await codeOf(cloneOf(array, "1ab"))).toBe("917887");
    expect(await codeOf(cloneOf(array, "a".repeat(204)))).toBe("917886");
    const foreign = array.world.model.snapshots.at(-1)?.id ?? "";
    expect(await codeOf(cloneOf(array, "other", foreign))).toBe("1638600");
    const withPolicy = cloneOf(array, "policy");
    Object.assign(withPolicy.json, { snapshot_policy: { name: "none" } });
    expect(await codeOf(withPolicy)).toBe("918247");
  });

  test("may be asked for with dotted members, waited for, and named in the answer, or not", async () => {
    for (const [doubts, records] of [
      ["records=present", [{ name: "dotted" }]],
      ["records=absent", []],
    ] as const) {
      const array = await startArray({ doubts });
      const { gold, latest } = goldIn(array);
      const json = {
        "svm.name": "lab1",
        name: "dotted",
        "clone.is_flexclone": true,
        "clone.parent_volume.name": gold.name,
        "clone.parent_snapshot.name": latest.name,
      };
      const made = await array.call("/storage/volumes?return_timeout=30&return_records=true", { method: "POST", json });
      expect(made).toMatchObject({ status: 201, body: { job: { uuid: expect.any(String) }, records } });
    }
  });

  test("shows its LUN at once, or some reads later", async () => {
    const array = await startArray({ doubts: "clone-lun=late" });
    const uuid = await makeClone(array);
    const luns = async () => (await array.call(`/storage/luns?location.volume.uuid=${uuid}`)).body.records.length;
    expect([await luns(), await luns(), await luns()]).toEqual([0, 0, 1]);
  });
});

describe("maps", () => {
  test("join a LUN and an igroup once, from number 0 on, and go once", async () => {
    const array = await startArray();
    const { made, path } = await mapOf(array, await makeClone(array));
    expect(made).toMatchObject({ status: 201, body: { records: [{ logical_unit_number: 0 }] } });
    expect((await mapOf(array, array.world.model.volumes.at(-1)?.id ?? "")).made.body.error).toMatchObject({
      code: "1254207",
    });
    expect((await array.call(path, { method: "DELETE" })).status).toBe(200);
    expect((await array.call(path, { method: "DELETE" })).body.error).toMatchObject({ code: "5374922" });
  });

  test("to a group of igroups show the LUN to each host in it", async () => {
    const array = await startArray();
    const { world } = array;
    const [first] = world.model.clients;
    const json = { svm: SVM, name: "cluster", os_type: "vmware", igroups: [{ name: first?.name }] };
    await array.call("/protocols/san/igroups", { method: "POST", json });
    const { body } = await array.call("/protocols/san/igroups?name=cluster&fields=igroups,initiators.name");
    expect(body.records).toMatchObject([{ igroups: [{ uuid: first?.id, name: first?.name }] }]);
    const lun = { name: `/vol/${GOLD}/boot` };
    await array.call("/protocols/san/lun-maps", {
      method: "POST",
      json: { svm: SVM, lun, igroup: { name: "cluster" } },
    });
    const { rescanHba } = await import("../../../../src/lab/world/rescan.ts");
    rescanHba(world.state, world.model.hosts[0]?.id ?? "");
    expect(world.model.hosts[0]?.disks.map(({ volumeId }) => volumeId)).toEqual([goldIn(array).gold.id]);
  });
});

describe("a restore", () => {
  const restore = (array: TestOntap, snapshot: string) =>
    array.call(`/storage/volumes/${goldIn(array).gold.id}?restore_to.snapshot.uuid=${snapshot}`, {
      method: "PATCH",
      json: {},
    });

  test("loses the snapshots after it, ties in their order", async () => {
    const array = await startArray({ scenario: "twin-snapshots" });
    const { gold, oldest } = goldIn(array);
    await array.jobOf(await restore(array, oldest.id)).then((job) => expect(job.error).toBeDefined());
    for (const { id } of array.world.model.volumes.filter((one) => one.parentVolumeId === gold.id)) {
      array.world.model.volumes = array.world.model.volumes.filter((one) => one.id !== id);
    }
    expect(await array.jobOf(await restore(array, oldest.id))).toMatchObject({ state: "success" });
    const left = array.world.model.snapshots.filter(({ volumeId }) => volumeId === gold.id);
    expect(left.map(({ id }) => id)).toEqual([oldest.id]);
  });

  test.each(["job", "call"] as const)("past a snapshot with a clone fails in the %s", async (where) => {
    const array = await startArray({ doubts: `blocked-restore=${where},job-code=integer` });
    await makeClone(array);
    const refused = await restore(array, goldIn(array).oldest.id);
    if (where === "call") expect(refused.body.error).toMatchObject({ code: "524511" });
    else expect(await array.jobOf(refused)).toMatchObject({ state: "failure", error: { code: 524_511 } });
  });

  test.each([
    ["keeps", 1],
    ["renews", 0],
  ] as const)("%s the LUN and its maps", async (restored, maps) => {
    const array = await startArray({ doubts: `restore=${restored}` });
    const { gold, latest } = goldIn(array);
    const before = gold.guid;
    const { lun } = await mapOf(array, gold.id);
    await array.jobOf(await restore(array, latest.id));
    expect(gold.guid === before).toBe(restored === "keeps");
    expect((await array.call("/protocols/san/lun-maps")).body.records).toHaveLength(maps);
    expect((await array.call(`/storage/luns/${lun}`)).status).toBe(restored === "keeps" ? 200 : 404);
  });
});

describe("a deleted volume", () => {
  test("waits in the recovery queue under another name, its own is free; by force it does not wait", async () => {
    const array = await startArray();
    const gone = { method: "DELETE" as const };
    await array.jobOf(await array.call(`/storage/volumes/${await makeClone(array)}`, gone));
    await makeClone(array);
    expect(array.server.recoveryQueue()).toEqual([expect.stringMatching(/^a_clone_\d+$/)]);
    const again = array.world.model.volumes.at(-1)?.id;
    await array.jobOf(await array.call(`/storage/volumes/${again}?force=true`, gone));
    expect(array.server.recoveryQueue()).toHaveLength(1);
  });

  test("had no clones, and by default no map", async () => {
    const array = await startArray();
    const uuid = await makeClone(array);
    const gone = { method: "DELETE" as const };
    expect((await array.call(`/storage/volumes/${goldIn(array).gold.id}`, gone)).body.error).toMatchObject({
      code: "524615",
    });
    await mapOf(array, uuid);
    expect((await array.call(`/storage/volumes/${uuid}`, gone)).body.error).toMatchObject({ code: "524486" });
  });
});

describe("what the control interface does to it", () => {
  test("goes by the operation: a restore is not a change, and a reply can be lost after the act", async () => {
    const array = await startArray();
    const { gold, latest } = goldIn(array);
    array.world.faults.add({ api: "dgs", op: "RestoreVolume", action: { kind: "job-failed" } });
    array.world.faults.add({ api: "dgs", op: "CloneVolume", action: { kind: "reset-after" } });
    const path = `/storage/volumes/${gold.id}`;
    const policy = { method: "PATCH" as const, json: { snapshot_policy: { name: "none" } } };
    expect(await array.jobOf(await array.call(path, policy))).toMatchObject({ state: "success" });
    const restore = { method: "PATCH" as const, json: { restore_to: { snapshot: { name: latest.name } } } };
    expect(await array.jobOf(await array.call(path, restore))).toMatchObject({ state: "failure" });
    await expect(array.call("/storage/volumes", cloneOf(array, "lost"))).rejects.toThrow();
    expect(array.world.model.volumes.map(({ name }) => name)).toContain("lost");
    expect(array.world.mutations.map(({ op }) => op)).toEqual(["ModifyVolume", "CloneVolume"]);
  });
});

test.each(["http500-after", "echo-secrets"] as const)(
  "%s fails, the first of them once the clone is made",
  async (kind) => {
    const array = await startArray();
    array.world.faults.add({ api: "dgs", op: "CloneVolume", action: { kind } });
    const { status, body } = await array.call("/storage/volumes", cloneOf(array, "made"));
    expect(status).toBe(500);
    const isMade = array.world.model.volumes.some(({ name }) => name === "made");
    expect(isMade).toBe(kind === "http500-after");
    expect(JSON.stringify(body).includes(CREDENTIALS.password)).toBe(kind === "echo-secrets");
  },
);

test("doubts are named, each with its answers", () => {
  expect(parseDoubts("restore=renews, version=forbidden")).toMatchObject({ restore: "renews", version: "forbidden" });
  expect(() => parseDoubts("restore=perhaps")).toThrow(RangeError);
  expect(() => parseDoubts("weather=fine")).toThrow(RangeError);
});
