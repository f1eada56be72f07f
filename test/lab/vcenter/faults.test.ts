import { describe, expect, test } from "vitest";
import type { FaultAction } from "../../../src/lab/world/faults.ts";
import { child, nextChange, self, startVim, type TestVcenter, taskInfo, typeOf } from "./vcenter.ts";

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

  test("the nth call is the one that it hits", async () => {
    const { soap } = await withFault("CurrentTime", { kind: "fault", fault: "Timedout" }, 2);
    const types = [];
    for (let i = 0; i < 3; i += 1) types.push((await soap.call("CurrentTime", CURRENT_TIME)).fault?.type);
    expect(types).toEqual([undefined, "Timedout", undefined]);
  });
});
