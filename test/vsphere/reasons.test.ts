/** Why vCenter refused: its own words, the causes behind them, and what an operator can do about it. */
import { describe, expect, test } from "vitest";
import { ancestryOf } from "../../src/vsphere/fault-types.ts";
import { type Script, string } from "./fake-vcenter.ts";
import { errorOf, host, talk, uuid, vm } from "./talk.ts";

/** A task that ends with this `info.error`. */
const failingTask = (error: string): Script => ({
  PowerOffVM_Task: () => '<returnval type="Task">task-1</returnval>',
  CreatePropertyCollector: () => '<returnval type="PropertyCollector">pc-1</returnval>',
  CreateListView: () => '<returnval type="ListView">list-1</returnval>',
  CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
  ModifyListView: () => "",
  WaitForUpdatesEx: () =>
    `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>enter</kind><obj type="Task">task-1</obj><changeSet><name>info.state</name><op>assign</op>${string("error")}</changeSet><changeSet><name>info.error</name><op>assign</op><val xsi:type="LocalizedMethodFault">${error}</val></changeSet></objectSet></filterSet></returnval>`,
});

const CAUSES =
  "<faultCause><fault xsi:type='FileLocked'><faultMessage><key>k</key><message>Held by host esx-9.</message></faultMessage></fault><localizedMessage>Unable to access a file since it is locked</localizedMessage></faultCause>" +
  "<faultMessage><key>msg.vmk</key><message>Busy.</message></faultMessage>";

describe("a refusal", () => {
  test("gives the messages and causes behind it, of a single call", async () => {
    const { vsphere } = await talk({
      UnmountVmfsVolume: () => ({ fault: "HostConfigFault", message: "Operation failed.", inside: CAUSES }),
    });
    const error = await errorOf(vsphere.writer.unmount(host, uuid));
    const reasons = ["Busy.", "FileLocked", "Unable to access a file since it is locked", "Held by host esx-9."];
    expect(error.message).toContain(`Operation failed. ${reasons.join(" ")} (HostConfigFault)`);
    expect(error.found).toEqual({ fault: "HostConfigFault", reasons });
  });

  test("gives them of one among several", async () => {
    const { vsphere } = await talk(
      failingTask(`<fault xsi:type="GenericVmConfigFault">${CAUSES}</fault><localizedMessage>No.</localizedMessage>`),
    );
    const [outcome] = await vsphere.writer.powerOff([vm]);
    expect(outcome?.error).toMatchObject({
      message: expect.stringContaining("No. Busy. FileLocked Unable to access"),
      found: { fault: "GenericVmConfigFault", reasons: expect.arrayContaining(["Held by host esx-9."]) },
    });
  });

  test("ends with causes that do not end", async () => {
    const deep = "<faultCause><fault xsi:type='VimFault'>".repeat(500) + "</fault></faultCause>".repeat(500);
    const { vsphere } = await talk({ UnmountVmfsVolume: () => ({ fault: "VimFault", inside: deep }) });
    expect((await errorOf(vsphere.writer.unmount(host, uuid))).message.length).toBeLessThan(2000);
  });

  test("for want of a privilege names it, and the object", async () => {
    const inside = '<object type="HostSystem">host-1</object><privilegeId>Host.Config.Storage</privilegeId>';
    const { vsphere } = await talk({ UnmountVmfsVolume: () => ({ fault: "NoPermission", message: "No.", inside }) });
    const error = await errorOf(vsphere.writer.unmount(host, uuid));
    expect(error.message).toContain("(NoPermission: Host.Config.Storage on HostSystem host-1)");
    expect(error.found).toMatchObject({ object: "host-1", privilegeId: "Host.Config.Storage" });
    expect(error.hint).toContain("the privilege Host.Config.Storage on HostSystem host-1");
  });

  test("for a VM's question gives the question", async () => {
    const fault = '<fault xsi:type="QuestionPending"><text>Did you move it or copy it?</text></fault>';
    const { vsphere } = await talk(failingTask(fault));
    const [outcome] = await vsphere.writer.powerOff([vm]);
    expect(outcome?.error).toMatchObject({
      message: expect.stringContaining("Did you move it or copy it?"),
      hint: expect.stringContaining("Answer the VM's question"),
    });
  });
});

describe("the hint", () => {
  test("is that of the nearest fault that it is a kind of", async () => {
    expect(ancestryOf("SwapDatastoreNotWritableOnHost")).toEqual([
      "SwapDatastoreNotWritableOnHost",
      "DatastoreNotWritableOnHost",
      "InvalidDatastore",
    ]);
    const { vsphere } = await talk({ UnmountVmfsVolume: () => ({ fault: "PatchInstallFailed" }) });
    expect((await errorOf(vsphere.writer.unmount(host, uuid))).hint).toContain("vmkernel.log");
  });

  test("of an invalid state is about the storage or about the VM, as the call was", async () => {
    const { vsphere } = await talk({
      UnmountVmfsVolume: () => ({ fault: "InvalidState" }),
      UnregisterVM: () => ({ fault: "InvalidState" }),
    });
    expect((await errorOf(vsphere.writer.unmount(host, uuid))).hint).toContain("host's storage");
    const [outcome] = await vsphere.writer.unregister([vm]);
    expect(outcome?.error).toMatchObject({ hint: expect.stringContaining("Check the VM in vCenter") });
  });
});

describe("a fault that leaves open whether the change was made", () => {
  test.each(["SystemError", "HostCommunication", "HostNotReachable"])("%s is OUTCOME_UNKNOWN", async (fault) => {
    const { vsphere } = await talk({
      ...failingTask(`<fault xsi:type="${fault}"/><localizedMessage>Lost it.</localizedMessage>`),
      UnmountVmfsVolume: () => ({ fault, message: "Lost it." }),
    });
    const error = await errorOf(vsphere.writer.unmount(host, uuid));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", found: { operation: "UnmountVmfsVolume", fault } });
    expect(error.message).toContain(`Lost it. (${fault})`);
    const [outcome] = await vsphere.writer.powerOff([vm]);
    expect(outcome?.error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
  });

  test("is a refusal where nothing was to be changed, or the host was not there to begin with", async () => {
    const { vsphere } = await talk({
      RetrievePropertiesEx: () => ({ fault: "SystemError" }),
      UnmountVmfsVolume: () => ({ fault: "HostNotConnected" }),
    });
    expect((await errorOf(vsphere.reader.inventory())).code).toBe("REMOTE_FAULT");
    expect((await errorOf(vsphere.writer.unmount(host, uuid))).code).toBe("REMOTE_FAULT");
  });
});

test("a task that does not end in time names the call and the limit", async () => {
  const { vsphere } = await talk(
    { ...failingTask(""), WaitForUpdatesEx: () => "hang" },
    { timeouts: { connect: 2000, call: 20_000, storage: 20_000, task: 300 } },
  );
  const [outcome] = await vsphere.writer.powerOff([vm]);
  expect(outcome?.error).toMatchObject({
    code: "OUTCOME_UNKNOWN",
    found: { operation: "PowerOffVM_Task", limit: "limits.vcenterTask" },
  });
});
