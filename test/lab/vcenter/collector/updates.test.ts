import { describe, expect, test } from "vitest";
import type { XmlElement } from "../../../../src/lab/vcenter/wire/xml.ts";
import { powerOff, unregisterVm } from "../../../../src/lab/world/vms.ts";
import { change } from "../../../support/change.ts";
import { COLLECTOR, child, ROOT, type SoapClient, self, specOf, startVim, texts, WHOLE_TREE } from "../vcenter.ts";

const WATCH = specOf(
  ROOT,
  { VirtualMachine: ["runtime.powerState", "name"] },
  { tag: "spec", select: WHOLE_TREE, skip: true },
);
const createFilter = (soap: SoapClient, spec: string) =>
  soap.call("CreateFilter", `${COLLECTOR}${spec}<partialUpdates>false</partialUpdates>`);
const wait = (soap: SoapClient, version: string, options = "") =>
  soap.call("WaitForUpdatesEx", `${COLLECTOR}<version>${version}</version>${options}`);
const NOW = "<options><maxWaitSeconds>0</maxWaitSeconds></options>";
const versionOf = (set: XmlElement): string => child(set, "version").text;

describe("updates", () => {
  test("come as enter, modify and leave, each only once", async () => {
    const { soap, world } = await startVim();
    await createFilter(soap, WATCH);
    const first = (await wait(soap, "")).value;
    expect(texts(first, "filterSet.objectSet.kind")).toEqual(world.model.vms.map(() => "enter"));
    const running = world.model.vms.find((vm) => vm.powerState === "poweredOn")?.id ?? "";

    const waiting = wait(soap, versionOf(first));
    change(world, powerOff, running);
    const second = (await waiting).value;
    expect(texts(second, "filterSet.objectSet.obj")).toEqual([running]);
    expect(texts(second, "filterSet.objectSet.changeSet.name")).toEqual(["runtime.powerState"]);
    expect(texts(second, "filterSet.objectSet.changeSet.val")).toEqual(["poweredOff"]);

    change(world, unregisterVm, running);
    const third = (await wait(soap, versionOf(second))).value;
    expect(texts(third, "filterSet.objectSet.kind")).toEqual(["leave"]);
    expect((await wait(soap, versionOf(third), NOW)).values).toEqual([]);
  });

  test("a property that is not set any more is removed", async () => {
    const { soap, world } = await startVim();
    const vm = world.model.vms.find((one) => one.powerState === "poweredOn");
    await createFilter(
      soap,
      specOf({ type: "VirtualMachine", id: vm?.id ?? "" }, { VirtualMachine: ["guest.ipAddress"] }, { tag: "spec" }),
    );
    const first = (await wait(soap, "")).value;
    change(world, powerOff, vm?.id ?? "");
    const second = (await wait(soap, versionOf(first))).value;
    expect(texts(second, "filterSet.objectSet.changeSet.op")).toEqual(["indirectRemove"]);
  });

  test("a lost reply can be asked for again, an unknown version cannot", async () => {
    const { soap, world } = await startVim();
    await createFilter(soap, WATCH);
    const first = versionOf((await wait(soap, "")).value);
    change(world, powerOff, world.model.vms.find((vm) => vm.powerState === "poweredOn")?.id ?? "");
    const lost = (await wait(soap, first)).value;
    const again = (await wait(soap, first)).value;
    expect(versionOf(again)).toBe(versionOf(lost));
    expect(texts(again, "filterSet.objectSet.obj")).toEqual(texts(lost, "filterSet.objectSet.obj"));
    expect((await wait(soap, "77")).fault?.type).toBe("InvalidCollectorVersion");
  });

  test("an empty version starts afresh", async () => {
    const { soap } = await startVim();
    await createFilter(soap, WATCH);
    const first = (await wait(soap, "")).value;
    const second = (await wait(soap, "")).value;
    expect(texts(second, "filterSet.objectSet.obj")).toEqual(texts(first, "filterSet.objectSet.obj"));
  });

  test("a limit truncates, and the rest comes with the next call", async () => {
    const { soap, world } = await startVim();
    await createFilter(soap, WATCH);
    const limit = "<options><maxWaitSeconds>5</maxWaitSeconds><maxObjectUpdates>3</maxObjectUpdates></options>";
    const first = (await wait(soap, "", limit)).value;
    const second = (await wait(soap, versionOf(first), limit)).value;
    expect(texts(first, "truncated")).toEqual(["true"]);
    expect(texts(second, "truncated")).toEqual([]);
    const all = [...texts(first, "filterSet.objectSet.obj"), ...texts(second, "filterSet.objectSet.obj")];
    expect(all.toSorted()).toEqual(world.model.vms.map((vm) => vm.id).toSorted());
  });

  test("missing starting objects fail the filter, or are reported by it", async () => {
    const { soap } = await startVim();
    const gone = { type: "Task", id: "task-999" };
    const spec = (reportMissing: boolean) => specOf(gone, { Task: ["info"] }, { tag: "spec", reportMissing });
    expect((await createFilter(soap, spec(false))).fault?.type).toBe("ManagedObjectNotFound");
    await createFilter(soap, spec(true));
    const first = (await wait(soap, "")).value;
    expect(texts(first, "filterSet.missingSet.obj")).toEqual(["task-999"]);
    expect((await wait(soap, versionOf(first), NOW)).values).toEqual([]);
  });

  test("CheckForUpdates does not wait", async () => {
    const { soap } = await startVim();
    expect((await soap.call("CheckForUpdates", COLLECTOR)).values).toEqual([]);
    await createFilter(soap, WATCH);
    expect((await soap.call("CheckForUpdates", COLLECTOR)).values).toHaveLength(1);
  });
});

describe("waits end", () => {
  test("by CancelWaitForUpdates", async () => {
    const { soap } = await startVim();
    const waiting = wait(soap, "");
    // Another call's answer: the wait is under way by then, and if not, this cancels nothing and is asked again.
    let ended = false;
    const settled = waiting.then((reply) => {
      ended = true;
      return reply;
    });
    while (!ended) await soap.call("CancelWaitForUpdates", COLLECTOR);
    expect((await settled).fault?.type).toBe("RequestCanceled");
  });

  test("when the session does", async () => {
    const { soap, server } = await startVim();
    const collector = self("PropertyCollector", (await soap.call("CreatePropertyCollector", COLLECTOR)).value.text);
    const waiting = soap.call("WaitForUpdates", collector);
    await soap.call("CurrentTime", self("ServiceInstance", "ServiceInstance"));
    server.expireSessions();
    expect((await waiting).fault?.type).toMatch(/^(RequestCanceled|NotAuthenticated)$/);
  });

  test("when the client's time is over, without a result", async () => {
    const { soap } = await startVim();
    expect((await wait(soap, "", NOW)).values).toEqual([]);
    const negative = "<options><maxWaitSeconds>-1</maxWaitSeconds></options>";
    expect((await wait(soap, "", negative)).fault?.type).toBe("InvalidArgument");
  });
});

describe("list views", () => {
  test("change what a filter through them selects", async () => {
    const { soap, world } = await startVim();
    const [one = "", two = ""] = world.model.vms.map((vm) => vm.id);
    const member = (tag: string, id: string): string => `<${tag} type="VirtualMachine">${id}</${tag}>`;
    const made = await soap.call("CreateListView", `${self("ViewManager", "ViewManager")}${member("obj", one)}`);
    const view = self("ListView", made.value.text);
    const select = `<selectSet xsi:type="TraversalSpec"><type>ListView</type><path>view</path></selectSet>`;
    await createFilter(
      soap,
      specOf(
        { type: "ListView", id: made.value.text },
        { VirtualMachine: ["name"] },
        { tag: "spec", select, skip: true },
      ),
    );
    const first = (await wait(soap, "")).value;
    expect(texts(first, "filterSet.objectSet.obj")).toEqual([one]);
    const unknown = await soap.call(
      "ModifyListView",
      `${view}${member("add", two)}${member("add", "vm-999999")}${member("remove", one)}`,
    );
    expect(unknown.values.map((value) => value.text)).toEqual(["vm-999999"]);
    const second = (await wait(soap, versionOf(first))).value;
    expect(texts(second, "filterSet.objectSet.kind")).toEqual(["enter", "leave"]);
    await soap.call("DestroyView", view);
    expect((await soap.call("ModifyListView", view)).fault?.type).toBe("ManagedObjectNotFound");
  });
});
