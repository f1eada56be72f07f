import { describe, expect, test } from "vitest";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import {
  CLONE,
  cloneOf,
  datastoreOf,
  drafted,
  filesOf,
  GOLD,
  graphOf,
  HOST,
  refusedWith,
  seen,
  vmOn,
} from "../../support/observations.ts";

const MODE = "register";
const files = filesOf(["web-01", "db-01", "new-01"]);
const web = vmOn(CLONE, "web-01", { powerState: "poweredOn" });
const db = vmOn(CLONE, "db-01");

describe("-R", () => {
  test.each([CLONE, GOLD])("registers each VMX file that no VM is registered from: $kind", (volume) => {
    const vms = [vmOn(volume, "web-01"), vmOn(volume, "db-01")];
    const draft = drafted(MODE, seen([volume], { vms, files }));
    expect(draft.steps).toEqual([
      {
        id: "s1",
        kind: "register",
        after: [],
        volume: { id: volume.id, naa: volume.naa, name: volume.name },
        folder: HOST.datacenter.vmFolder,
        pool: HOST.resourcePool,
        files: ["new-01/new-01.vmx"],
      },
    ]);
    expect(draft.impact.vmsToRegister).toEqual([{ name: "new-01", path: "[gold-ds] new-01/new-01.vmx" }]);
    expect(draft.warnings.join()).toMatch(/moved or copied/);
  });

  test("with nothing missing is done already, whatever runs", () => {
    const draft = drafted(MODE, seen([CLONE], { vms: [web], files: filesOf(["web-01"]) }));
    expect(draft.steps).toEqual([]);
  });

  test("takes a VM as registered by either form of its path", () => {
    const path = `[] /vmfs/volumes/${datastoreOf(CLONE).vmfsUuid}/web-01/web-01.vmx`;
    expect(drafted(MODE, seen([CLONE], { vms: [{ ...web, path }], files: filesOf(["web-01"]) })).steps).toEqual([]);
  });

  test.each(["inaccessible", "orphaned", "invalid"] as const)(
    "a registration that is %s counts as missing: taken away, then made",
    (connectionState) => {
      const dead = { ...db, connectionState };
      const draft = drafted(MODE, seen([CLONE], { vms: [web, dead], files }));
      expect(graphOf(draft)).toEqual(["s1 unregister", "s2 register after s1"]);
      expect(draft.steps).toMatchObject([
        { vms: [{ id: db.id }], dead: true },
        { files: ["db-01/db-01.vmx", "new-01/new-01.vmx"] },
      ]);
      expect(draft.impact.vmsToPowerOff).toEqual([]);
    },
  );

  test("what runs is left registered, though its storage was lost: nobody asked for a power-off", () => {
    const running = { ...web, connectionState: "inaccessible" } as const;
    expect(drafted(MODE, seen([CLONE], { vms: [running], files: filesOf(["web-01"]) })).steps).toEqual([]);
  });

  test("a dead registration whose folder cannot be read is kept, with a warning: it could not be found again", () => {
    const dead = { ...db, connectionState: "orphaned" } as const;
    const unreadable = filesOf(["web-01"], ["[gold-ds] db-01/"]);
    const draft = drafted(MODE, seen([CLONE], { vms: [web, dead], files: unreadable }));
    expect(draft.steps).toEqual([]);
    expect(draft.warnings.join()).toMatch(/db-01.* could not be read/);
  });

  test("of folders that cannot be read only those keep a dead registration that it lies in", () => {
    const dead = [
      ...["db-01", "db-02"].map((name) => vmOn(CLONE, name, { connectionState: "orphaned" })),
      vmOn(CLONE, "nowhere", { connectionState: "orphaned", path: "" }),
    ];
    const draft = drafted(
      MODE,
      seen([CLONE], { vms: dead, files: filesOf([], ["[gold-ds] other", "[gold-ds] db-01", "[local] db-02"]) }),
    );
    expect(draft.steps).toMatchObject([{ kind: "unregister", vms: [{ id: "vm-db-02" }, { id: "vm-nowhere" }] }]);
    expect(draft.warnings).toHaveLength(3);
  });

  test("files are named by their path below the datastore; those of another one are not its own", () => {
    const paths = ["[gold-ds] b/deep/down.VMX", "[gold-ds] top.vmx", "[gold-ds] a/tpl.vmtx", "[local] c/far.vmx"];
    const files = { files: paths.map((path) => ({ path, template: false })), unreadable: [] };
    const draft = drafted(MODE, seen([CLONE], { files }));
    expect(draft.steps).toMatchObject([{ files: ["a/tpl.vmtx", "b/deep/down.VMX", "top.vmx"] }]);
    expect(draft.impact.vmsToRegister.map(({ name }) => name)).toEqual(["tpl", "down", "top"]);
  });

  test("what is left on a disk that the host still lists is not its business", () => {
    const lost = cloneOf("lost");
    const datastore = datastoreOf(lost, { name: safeText("gold-ds (1)"), pathName: "gold-ds (1)" });
    const vms = [vmOn(lost, "web-01", { connectionState: "inaccessible", path: "[gold-ds (1)] web-01/web-01.vmx" })];
    const leftoverDatastores = [{ datastore, proof: "signature" as const, stillListedDisks: [lost.naa] }];
    expect(drafted(MODE, seen([CLONE], { vms, leftoverDatastores })).steps).toEqual([]);
  });

  test("what is left registered on the family's lost datastore goes first", () => {
    const lost = cloneOf("lost");
    const dead = vmOn(lost, "web-01", { connectionState: "inaccessible" });
    const leftover = {
      datastore: datastoreOf(lost, { name: safeText("gold-ds (1)"), pathName: "gold-ds (1)" }),
      proof: "signature",
      stillListedDisks: [],
    } as const;
    const vms = [{ ...dead, path: "[gold-ds (1)] web-01/web-01.vmx" }];
    const draft = drafted(MODE, seen([CLONE], { vms, leftoverDatastores: [leftover], files }));
    expect(draft.steps[0]).toMatchObject({ kind: "unregister", vms: [{ id: dead.id }], dead: true });
  });

  test("what is left there under the signature that is mounted again is taken away once", () => {
    const lost = cloneOf("lost");
    const path = `[] /vmfs/volumes/${datastoreOf(CLONE).vmfsUuid}/web-01/web-01.vmx`;
    const vms = [vmOn(lost, "web-01", { connectionState: "inaccessible", path })];
    const leftover = { datastore: datastoreOf(lost), proof: "signature", stillListedDisks: [] } as const;
    const draft = drafted(MODE, seen([CLONE], { vms, leftoverDatastores: [leftover], files }));
    expect(draft.steps[0]).toMatchObject({ kind: "unregister", vms: [{ id: "vm-web-01" }] });
    expect(draft.impact.vmsToUnregister).toHaveLength(1);
  });

  test("is another plan where a file came or went", () => {
    const before = drafted(MODE, seen([CLONE], { files }));
    expect(drafted(MODE, seen([CLONE], { files: filesOf(["web-01"]) })).fingerprint).not.toBe(before.fingerprint);
  });

  test("is refused with nothing assigned, with nothing mounted, and where the datastore is out of reach", () => {
    expect(refusedWith(MODE, seen([]))).toBe("NOTHING_ASSIGNED");
    const bare = { storage: { mounts: [] }, inventory: { datastores: [] } };
    expect(refusedWith(MODE, seen([CLONE], bare))).toBe("DATASTORE_NOT_FOUND");
    const dead = { inventory: { datastores: [datastoreOf(CLONE, { accessible: false })] } };
    expect(refusedWith(MODE, seen([CLONE], dead))).toBe("DATASTORE_NOT_FOUND");
  });
});
