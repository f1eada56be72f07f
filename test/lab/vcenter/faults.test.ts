import { describe, expect, test } from "vitest";
import type { FaultAction } from "../../../src/lab/world/faults.ts";
import {
  COLLECTOR,
  CREDENTIALS,
  child,
  nextChange,
  ROOT,
  self,
  specOf,
  startVim,
  type TestVcenter,
  taskInfo,
  typeOf,
} from "./vcenter.ts";

const CURRENT_TIME = self("ServiceInstance", "ServiceInstance");

async function withFault(op: string, action: FaultAction, nth = 1): Promise<TestVcenter & { running: string }> {
  const vcenter = await startVim();
  vcenter.world.faults.add({ api: "vim", op, nth, action });
  const running = vcenter.world.model.vms.find((vm) => vm.powerState === "poweredOn")?.id ?? "";
  return { ...vcenter, running };
}

const powerOff = ({ soap, running }: { soap: TestVcenter["soap"]; running: string }) =>
  soap.call("PowerOffVM_Task", self("VirtualMachine", running));

const powerOf = ({ world }: TestVcenter, id: string) => world.model.vms.find((vm) => vm.id === id)?.powerState;

describe("faults on the wire", () => {
  test.each([
    ["http500", 500],
    ["http503", 503],
  ] as const)("%s answers without SOAP and changes nothing, once", async (kind, status) => {
    const lab = await withFault("UnregisterVM", { kind });
    const idle = lab.world.model.vms.find((vm) => vm.powerState === "poweredOff")?.id ?? "";
    const body = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><UnregisterVM xmlns="urn:vim25">${self("VirtualMachine", idle)}</UnregisterVM></e:Body></e:Envelope>`;
    const reply = await lab.soap.http("POST", "/sdk", body);
    expect(reply.status).toBe(status);
    expect(reply.headers["content-type"]).toMatch(/^text\/html/);
    expect(lab.world.mutations).toEqual([]);
    expect((await lab.soap.http("POST", "/sdk", body)).status).toBe(200);
    expect(lab.world.mutations).toHaveLength(1);
  });

  test("garbage is neither XML nor JSON", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "garbage" });
    await expect(soap.call("CurrentTime", CURRENT_TIME)).rejects.toThrow();
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault).toBeUndefined();
  });

  test("reset closes the socket before the change", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "reset" });
    await expect(powerOff(lab)).rejects.toThrow();
    expect(powerOf(lab, lab.running)).toBe("poweredOn");
  });

  test("reset-after closes it once the task has run to its end", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "reset-after" });
    await expect(powerOff(lab)).rejects.toThrow();
    expect(powerOf(lab, lab.running)).toBe("poweredOff");
  });

  test("hang-after makes the change and holds the reply", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "hang-after" });
    let settled = false;
    const pending = powerOff(lab).finally(() => {
      settled = true;
    });
    pending.catch(() => {});
    await nextChange(lab.world);
    expect(powerOf(lab, lab.running)).toBe("poweredOff");
    await lab.soap.call("CurrentTime", CURRENT_TIME);
    expect(settled).toBe(false);
    await lab.server.close();
    await expect(pending).rejects.toThrow();
  });

  test("hang never answers and changes nothing", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "hang" });
    const pending = powerOff(lab);
    pending.catch(() => {});
    await expect.poll(() => lab.world.faults.calls().vim["PowerOffVM_Task"]).toBe(1);
    await lab.server.close();
    await expect(pending).rejects.toThrow();
    expect(powerOf(lab, lab.running)).toBe("poweredOn");
  });

  test.each([
    ["hang", "poweredOn"],
    ["hang-after", "poweredOff"],
  ] as const)("%s ends with a lost reply when the faults are cleared", async (kind, power) => {
    const lab = await withFault("PowerOffVM_Task", { kind });
    const pending = expect(powerOff(lab)).rejects.toThrow();
    await expect.poll(() => lab.world.faults.calls().vim["PowerOffVM_Task"]).toBe(1);
    lab.world.faults.clear();
    await pending;
    expect(powerOf(lab, lab.running)).toBe(power);
    expect((await lab.soap.call("CurrentTime", CURRENT_TIME)).fault).toBeUndefined();
  });

  test.each(["hang", "hang-after"] as const)("%s ends with a reset, and leaves the new world alone", async (kind) => {
    const lab = await withFault("PowerOffVM_Task", { kind });
    const pending = expect(powerOff(lab)).rejects.toThrow();
    await expect.poll(() => lab.world.faults.calls().vim["PowerOffVM_Task"]).toBe(1);
    lab.world.reset({ scenario: "clone-assigned" });
    await pending;
    expect(powerOf(lab, lab.running)).toBe("poweredOn");
    expect(lab.world.mutations).toEqual([]);
  });

  test("slow answers in the end", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "slow", ms: 30 });
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault).toBeUndefined();
  });

  test("expire-session ends the caller's session for good", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "expire-session" });
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault?.type).toBe("NotAuthenticated");
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault?.type).toBe("NotAuthenticated");
    await soap.signIn();
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault).toBeUndefined();
  });

  test("fault:X is the typed fault with the members that it requires", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "fault", fault: "InvalidPowerState" });
    const { fault } = await powerOff(lab);
    expect(fault?.type).toBe("InvalidPowerState");
    expect(child(fault?.detail ?? expect.fail(), "existingState").text).not.toBe("");
    expect(powerOf(lab, lab.running)).toBe("poweredOn");
  });

  test("fault:X of a type that the lab does not know goes out by its name", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "fault", fault: "SomethingRare" });
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault?.type).toBe("SomethingRare");
  });

  test("task-error:X ends the task in error without an effect", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "task-error", fault: "GenericVmConfigFault" });
    const { value } = await powerOff(lab);
    const info = await taskInfo(lab.soap, value);
    expect(child(info, "state").text).toBe("error");
    expect(typeOf(child(info, "error.fault"))).toBe("GenericVmConfigFault");
    expect(powerOf(lab, lab.running)).toBe("poweredOn");
  });

  test("a fault says what it is told to: headline, messages, cause, and its concrete type", async () => {
    const lab = await withFault("UnmountVmfsVolume", {
      kind: "fault",
      fault: "QuiesceDatastoreIOForHAFailed",
      localizedMessage: "The HA agent cannot quiesce file activity.",
      faultMessage: [{ key: "com.vmware.esx.busy", message: "Sysinfo error: Busy" }],
      faultCause: { fault: "ResourceInUse", localizedMessage: "Heartbeats are under way." },
    });
    const storage = lab.world.model.hosts[0]?.storageSystem ?? "";
    const unmount = `${self("HostStorageSystem", storage)}<vmfsUuid>any</vmfsUuid>`;
    const { fault = expect.fail() } = await lab.soap.call("UnmountVmfsVolume", unmount);
    expect(fault).toMatchObject({ type: "QuiesceDatastoreIOForHAFailed", message: expect.stringContaining("quiesce") });
    expect(child(fault.detail, "faultMessage.message").text).toBe("Sysinfo error: Busy");
    expect(typeOf(child(fault.detail, "faultCause.fault"))).toBe("ResourceInUse");
    expect(child(fault.detail, "faultCause.localizedMessage").text).toBe("Heartbeats are under way.");
  });

  test("result-fault:X stands in the result of each thing, and the call succeeds", async () => {
    const lab = await withFault("UnmountVmfsVolumeEx_Task", { kind: "result-fault", fault: "TaskInProgress" });
    const { storageSystem = "", mounts = [] } = lab.world.model.hosts[0] ?? {};
    const uuid = mounts[0]?.vmfsUuid ?? "";
    const unmount = `${self("HostStorageSystem", storageSystem)}<vmfsUuid>${uuid}</vmfsUuid>`;
    const info = await taskInfo(lab.soap, (await lab.soap.call("UnmountVmfsVolumeEx_Task", unmount)).value);
    expect(child(info, "state").text).toBe("success");
    expect(typeOf(child(info, "result.HostStorageSystemVmfsVolumeResult.fault.fault"))).toBe("TaskInProgress");
    expect(lab.world.mutations).toEqual([]);
  });

  test("http500-after fails once the task has run to its end", async () => {
    const lab = await withFault("PowerOffVM_Task", { kind: "http500-after" });
    await expect(powerOff(lab)).rejects.toThrow();
    expect(powerOf(lab, lab.running)).toBe("poweredOff");
  });

  test("echo-secrets tells in its text what the server was given", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "echo-secrets" });
    const { fault } = await soap.call("CurrentTime", CURRENT_TIME);
    expect(fault?.message).toContain(CREDENTIALS.password);
    expect(fault?.message).toContain(soap.cookie?.split('"')[1]);
  });

  test("trickle brings the whole reply in the end", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "trickle", ms: 0 });
    expect((await soap.call("CurrentTime", CURRENT_TIME)).fault).toBeUndefined();
  });

  test("huge:BYTES is a reply of that size which means the same", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "huge", bytes: 1_000_000 });
    const body = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><CurrentTime xmlns="urn:vim25">${CURRENT_TIME}</CurrentTime></e:Body></e:Envelope>`;
    const { text } = await soap.http("POST", "/sdk", body);
    expect(text.length).toBeGreaterThan(1_000_000);
    expect(text).toContain("returnval");
  });

  test("endless goes on until the faults are cleared", async () => {
    const lab = await withFault("CurrentTime", { kind: "endless" });
    const pending = expect(lab.soap.call("CurrentTime", CURRENT_TIME)).rejects.toThrow();
    await expect.poll(() => lab.world.faults.calls().vim["CurrentTime"]).toBe(1);
    lab.world.faults.clear();
    await pending;
  });

  test.each([
    ["same-token", 1],
    ["new-tokens", 3],
  ] as const)("%s names another page for ever", async (kind, different) => {
    const { soap, world } = await startVim();
    world.faults.add({ api: "vim", op: "*", times: 9, action: { kind } });
    const spec = specOf(ROOT, { Folder: ["name"] });
    const tokens = [(await soap.call("RetrievePropertiesEx", `${COLLECTOR}${spec}<options/>`)).value];
    for (const _ of ["second", "third"]) {
      const token = child(tokens.at(-1) ?? expect.fail(), "token").text;
      tokens.push((await soap.call("ContinueRetrievePropertiesEx", `${COLLECTOR}<token>${token}</token>`)).value);
    }
    expect(new Set(tokens.map((page) => child(page, "token").text)).size).toBe(different);
  });

  test("the nth call is the one that it hits", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "fault", fault: "Timedout" }, 2);
    const types = [];
    for (let i = 0; i < 3; i += 1) types.push((await soap.call("CurrentTime", CURRENT_TIME)).fault?.type);
    expect(types).toEqual([undefined, "Timedout", undefined]);
  });
});
