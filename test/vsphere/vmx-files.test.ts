import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import type { RunningLab } from "../../src/lab/start.ts";
import type { Vsphere } from "../../src/vsphere/vsphere.ts";
import { type ControlClient, withLab } from "../support/lab.ts";
import { connect, type Script, startFakeVcenter } from "./fake-vcenter.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const GOLD = { id: asMoRef("datastore-1"), pathName: "gold", browser: asMoRef("browser-1") };

const file = (name: string, type = "VmConfigFileInfo"): string =>
  `<file xsi:type="${type}"><path>${name}</path></file>`;

/** A vCenter whose tasks end at once; what each search finds is told by its path. */
async function searching(results: (operation: string, path: string) => string): Promise<Vsphere> {
  let ended = "";
  const start = (operation: string) => (xml: string) => {
    const path = /datastorePath>([^<]*)</.exec(xml)?.[1] ?? "";
    ended = results(operation, path);
    return '<returnval type="Task">task-1</returnval>';
  };
  const script: Script = {
    CreatePropertyCollector: () => '<returnval type="PropertyCollector">pc-1</returnval>',
    CreateListView: () => '<returnval type="ListView">list-1</returnval>',
    CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
    ModifyListView: () => "",
    SearchDatastoreSubFolders_Task: start("SearchDatastoreSubFolders_Task"),
    WaitForUpdatesEx: () =>
      `<returnval><version>1</version><filterSet><filter type="PropertyFilter">filter-1</filter><objectSet><kind>enter</kind><obj type="Task">task-1</obj>${ended}</objectSet></filterSet></returnval>`,
  };
  const fake = await startFakeVcenter(script);
  const vsphere = connect(fake.port);
  opened.push(fake, vsphere);
  return vsphere;
}

const change = (name: string, val: string): string =>
  `<changeSet><name>${name}</name><op>assign</op>${val}</changeSet>`;

describe("listing VMX files", () => {
  test("puts paths together from each of the forms of a folder's path, and passes over vSphere's own folders", async () => {
    const folders = [
      ["[gold]", "root.vmx"],
      ["[gold] a/", "a.vmx"],
      ["[gold] a/b [x]", "b.vmtx"],
      ["[gold] .snapshot/a/", "a.vmx"],
      ["[gold] .sdd.sf/", "a.vmx"],
      ["[gold] c/", "c.vmxf"],
    ];
    const found = folders.map(
      ([path, name = ""]) =>
        `<HostDatastoreBrowserSearchResults><folderPath>${path}</folderPath>${file(name)}</HostDatastoreBrowserSearchResults>`,
    );
    const vsphere = await searching(
      () =>
        change("info.state", '<val xsi:type="TaskInfoState">success</val>') +
        change("info.result", `<val xsi:type="ArrayOfHostDatastoreBrowserSearchResults">${found.join("")}</val>`),
    );
    expect(await vsphere.reader.vmxFiles(GOLD)).toEqual({
      files: [
        { path: "[gold] root.vmx", template: false },
        { path: "[gold] a/a.vmx", template: false },
        { path: "[gold] a/b [x]/b.vmtx", template: true },
      ],
      unreadable: [],
    });
  });

  test("an inaccessible datastore is an error, not an empty list", async () => {
    const vsphere = await searching(
      () =>
        change("info.state", '<val xsi:type="TaskInfoState">error</val>') +
        change(
          "info.error",
          '<val xsi:type="LocalizedMethodFault"><fault xsi:type="InaccessibleDatastore"/><localizedMessage>Gone.</localizedMessage></val>',
        ),
    );
    await expect(vsphere.reader.vmxFiles(GOLD)).rejects.toMatchObject({
      code: "REMOTE_FAULT",
      found: { fault: "InaccessibleDatastore" },
    });
  });
});

describe("where the search of all folders fails on one of them", () => {
  let lab: RunningLab;
  let control: ControlClient;
  beforeAll(async () => {
    ({ lab, control } = await withLab());
  });

  async function onLab(): Promise<{
    vsphere: Vsphere;
    datastore: { id: typeof GOLD.id; pathName: string; browser: typeof GOLD.id };
  }> {
    await control.clearFaults();
    await control.reset({ scenario: "clone-assigned" });
    const { url, username, password, thumbprint } = lab.info.vcenter;
    const vsphere = connect(0, { address: new URL(url).host, username, password: () => password, tls: { thumbprint } });
    opened.push(vsphere);
    const [datastore] = (await vsphere.reader.inventory()).datastores;
    if (datastore === undefined) expect.unreachable("the scenario has a datastore");
    return { vsphere, datastore };
  }

  test("finds the same files folder by folder", async () => {
    const { vsphere, datastore } = await onLab();
    const whole = await vsphere.reader.vmxFiles(datastore);
    expect(whole.files.some((each) => each.path.split("/").length > 2)).toBe(true);
    await control.faults({ api: "vim", op: "SearchDatastoreSubFolders_Task", action: "task-error:CannotAccessFile" });
    const single = await vsphere.reader.vmxFiles(datastore);
    const inOrder = (files: typeof whole.files) => [...files].sort((a, b) => a.path.localeCompare(b.path));
    expect(inOrder(single.files)).toEqual(inOrder(whole.files));
    expect(single.unreadable).toEqual([]);
  });

  test("names the folder that cannot be read and lists the others", async () => {
    const { vsphere, datastore } = await onLab();
    const whole = await vsphere.reader.vmxFiles(datastore);
    await control.faults({ api: "vim", op: "SearchDatastoreSubFolders_Task", action: "task-error:CannotAccessFile" });
    await control.faults({
      api: "vim",
      op: "SearchDatastore_Task",
      nth: 2,
      times: 1,
      action: "task-error:CannotAccessFile",
    });
    const { files, unreadable } = await vsphere.reader.vmxFiles(datastore);
    expect(unreadable).toHaveLength(1);
    const hidden = whole.files.filter((each) => each.path.startsWith(`${unreadable[0]}/`));
    expect(hidden.length).toBeGreaterThan(0);
    expect(files).toHaveLength(whole.files.length - hidden.length);
  });

  test("an unreadable root is an error", async () => {
    const { vsphere, datastore } = await onLab();
    await control.faults({ api: "vim", op: "SearchDatastoreSubFolders_Task", action: "task-error:CannotAccessFile" });
    await control.faults({ api: "vim", op: "SearchDatastore_Task", action: "task-error:CannotAccessFile" });
    await expect(vsphere.reader.vmxFiles(datastore)).rejects.toMatchObject({ found: { fault: "CannotAccessFile" } });
  });
});
