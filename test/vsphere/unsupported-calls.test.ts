import { describe, expect, test } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { naaOf } from "../../src/core/domain/ids.ts";
import type { Vsphere } from "../../src/vsphere/vsphere.ts";
import { object, type Script, string } from "./fake-vcenter.ts";
import { errorOf, host, hurriedClock, talk as talkOver, uuid, vm } from "./talk.ts";

const talk = (script: Script): ReturnType<typeof talkOver> => talkOver(script, { clock: hurriedClock });

/** Services without the optional managers. */
const bareContent = (): string =>
  `<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">pc</propertyCollector>
   <about><name>fake</name></about><sessionManager type="SessionManager">sm</sessionManager></returnval>`;

// What the script does not answer, the fake does not know: MethodNotFound.
describe("where the server lacks a call, the error says which and what follows", () => {
  test.each<[string, (vsphere: Vsphere) => Promise<unknown>, string]>([
    ["FindAllByIp", ({ reader }) => reader.findHost("10.0.0.1", [host]), "by their inventory name only"],
    ["FindAllByDnsName", ({ reader }) => reader.findHost("other.lab.test", [host]), "by their inventory name only"],
    ["QueryUnresolvedVmfsVolumes", ({ reader }) => reader.unresolvedCopies(host), "nothing is planned"],
    ["UnmountVmfsVolume", ({ writer }) => writer.unmount(host, uuid), "unmount it on the host"],
    ["MountVmfsVolume", ({ writer }) => writer.mount(host, uuid), "mount it on the host"],
    ["ResolveMultipleUnresolvedVmfsVolumes", ({ writer }) => writer.forceMount(host, "/vmfs/x:1"), "by hand"],
    ["DetachScsiLun", ({ writer }) => writer.detach(host, "0200"), "detach it on the host"],
    ["AttachScsiLun", ({ writer }) => writer.attach(host, "0200"), "attach it on the host"],
    ["DeleteScsiLunState", ({ writer }) => writer.forgetDevice(host, naaOf("6000")), "remove it there"],
    ["RescanAllHba", ({ writer }) => writer.rescan(host), "rescan the adapters on the host"],
    ["PowerOffVM_Task", async ({ writer }) => (await writer.powerOff([vm]))[0]?.error, "Nothing can be done"],
  ])("%s", async (call, attempt, follows) => {
    const { vsphere } = await talk({
      RetrievePropertiesEx: () => `<returnval>${object("HostStorageSystem", "storageSystem-1", {})}</returnval>`,
    });
    const outcome = await attempt(vsphere).catch((thrown: unknown) => thrown);
    expect(outcome).toMatchObject({ code: "REMOTE_FAULT", found: { unsupported: call, fault: "MethodNotFound" } });
    if (!(outcome instanceof PrepError)) expect.unreachable();
    expect(outcome.message).toContain(`it does not offer ${call}`);
    expect(outcome.hint).toContain(follows);
  });

  test("also where it says so in vCenter's words", async () => {
    const { vsphere } = await talk({
      FindAllByIp: () => ({
        fault: "InvalidRequest",
        message: 'Unable to resolve WSDL method name "FindAllByIp" for class "vim.SearchIndex"',
      }),
    });
    const error = await errorOf(vsphere.reader.findHost("10.0.0.1", []));
    expect(error.found).toMatchObject({ unsupported: "FindAllByIp", fault: "InvalidRequest" });
  });

  test("a request that is refused for another reason is no lack", async () => {
    const { vsphere } = await talk({
      FindAllByIp: () => ({ fault: "InvalidRequest", message: 'Unexpected element tag "ip" seen' }),
    });
    expect((await errorOf(vsphere.reader.findHost("10.0.0.1", []))).found).toEqual({ fault: "InvalidRequest" });
  });

  test("a host is found by its name all the same, and looked up nowhere without a search index", async () => {
    const { vsphere } = await talk({ RetrieveServiceContent: bareContent });
    expect(await vsphere.reader.findHost("ESX.lab.test", [host])).toEqual(["host-1"]);
    expect((await errorOf(vsphere.reader.findHost("10.0.0.1", [host]))).found).toMatchObject({
      unsupported: "FindAllByIp",
    });
  });
});

describe("where there is another way, it is taken", () => {
  test("tasks are asked about without a view manager", async () => {
    const { fake, vsphere } = await talk({
      RetrieveServiceContent: bareContent,
      PowerOffVM_Task: () => '<returnval type="Task">task-1</returnval>',
      RetrievePropertiesEx: (_xml, nth) =>
        `<returnval>${object("Task", "task-1", { "info.state": string(nth < 3 ? "running" : "success") })}</returnval>`,
    });
    expect(await vsphere.writer.powerOff([vm])).toEqual([{ id: "vm-1" }]);
    expect(fake.operations()).not.toContain("CreateListView");
    expect(fake.operations().filter((each) => each === "RetrievePropertiesEx")).toHaveLength(3);
  });

  test("guests are asked about without a property collector of one's own", async () => {
    const { vsphere } = await talk({
      ShutdownGuest: () => "",
      RetrievePropertiesEx: (_xml, nth) =>
        `<returnval>${object("VirtualMachine", "vm-1", { "runtime.powerState": string(nth < 3 ? "poweredOn" : "poweredOff") })}</returnval>`,
    });
    expect(await vsphere.writer.shutDownGuests([vm], 60_000)).toEqual([{ id: "vm-1" }]);
  });

  test("a task that the account may not look at is not waited for in silence", async () => {
    const { vsphere } = await talk({
      PowerOffVM_Task: () => '<returnval type="Task">task-1</returnval>',
      CreatePropertyCollector: () => '<returnval type="PropertyCollector">pc-1</returnval>',
      CreateListView: () => '<returnval type="ListView">list-1</returnval>',
      CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
      ModifyListView: () => "",
      WaitForUpdatesEx: () =>
        `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>enter</kind><obj type="Task">task-1</obj><missingSet><path>info.state</path><fault><fault xsi:type="NoPermission"><privilegeId>System.Read</privilegeId></fault></fault></missingSet></objectSet></filterSet></returnval>`,
    });
    const [outcome] = await vsphere.writer.powerOff([vm]);
    expect(outcome?.error).toMatchObject({ code: "OUTCOME_UNKNOWN", cause: { found: { property: "info.state" } } });
  });
});
