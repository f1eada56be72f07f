import { afterEach, describe, expect, test } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { asMoRef } from "../../src/core/domain/ids.ts";
import { plainName } from "../../src/core/domain/safe-text.ts";
import type { Clock } from "../../src/core/ports/runtime.ts";
import type { Vsphere, VsphereOptions } from "../../src/vsphere/vsphere.ts";
import {
  connect,
  type FakeVcenter,
  object,
  recordingLog,
  type Script,
  startFakeVcenter,
  string,
} from "./fake-vcenter.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** Time that passes only when somebody sleeps: pauses between attempts take none. */
const hurriedClock: Clock = {
  now: () => new Date(0),
  elapsed: () => 0,
  sleep: (ms, signal) =>
    ms >= 20_000
      ? new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }))
      : new Promise((resolve) => setImmediate(resolve)),
};

/** The tasks' server side: what is on the list, what has ended, and how often which call fails. */
class TaskDesk {
  readonly listed = new Set<string>();
  readonly told = new Set<string>();
  readonly ends = new Map<string, string>();
  #wake: () => void = () => undefined;
  #version = 0;

  end(task: string, changes: string): void {
    this.ends.set(task, changes);
    this.#wake();
  }

  readonly script: Script = {
    CreatePropertyCollector: () => {
      this.told.clear();
      return '<returnval type="PropertyCollector">session-pc</returnval>';
    },
    CreateListView: () => {
      this.listed.clear();
      return '<returnval type="ListView">list-1</returnval>';
    },
    CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
    ModifyListView: (xml) => {
      for (const [, id] of xml.matchAll(/add type="Task">([\w-]+)</g)) this.listed.add(id ?? "");
      for (const [, id] of xml.matchAll(/remove type="Task">([\w-]+)</g)) this.listed.delete(id ?? "");
      this.#wake();
      return "";
    },
    WaitForUpdatesEx: () => this.updates(),
    PowerOffVM_Task: (xml) => `<returnval type="Task">task-${/vm-\d+/.exec(xml)?.[0]}</returnval>`,
  };

  async updates(): Promise<string> {
    for (;;) {
      const stillNeeded = [...this.listed].filter((each) => this.ends.has(each) && !this.told.has(each));
      if (stillNeeded.length > 0) {
        for (const each of stillNeeded) this.told.add(each);
        return this.update(stillNeeded.map((each) => [each, this.ends.get(each) ?? ""]));
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  update(tasks: readonly (readonly [string, string])[], kind = "modify"): string {
    this.#version += 1;
    const objects = tasks.map(
      ([id, changes]) => `<objectSet><kind>${kind}</kind><obj type="Task">${id}</obj>${changes}</objectSet>`,
    );
    return `<returnval><version>${this.#version}</version><filterSet><filter type="PropertyFilter">filter-1</filter>${objects.join("")}</filterSet></returnval>`;
  }
}

const assign = (name: string, val: string): string =>
  `<changeSet><name>${name}</name><op>assign</op>${val}</changeSet>`;
const SUCCESS = assign("info.state", '<val xsi:type="TaskInfoState">success</val>');
const failure = (fault: string, message: string): string =>
  assign("info.state", '<val xsi:type="TaskInfoState">error</val>') +
  assign(
    "info.error",
    `<val xsi:type="LocalizedMethodFault"><fault xsi:type="${fault}"/><localizedMessage>${message}</localizedMessage></val>`,
  );

async function talk(
  desk: TaskDesk,
  script: Script = {},
  options: Partial<VsphereOptions> = {},
): Promise<{ fake: FakeVcenter; vsphere: Vsphere }> {
  const fake = await startFakeVcenter({ ...desk.script, ...script });
  const vsphere = connect(fake.port, { clock: hurriedClock, ...options });
  opened.push(fake, vsphere);
  return { fake, vsphere };
}

const vms = (count: number) => Array.from({ length: count }, (_, index) => asMoRef(`vm-${index + 1}`));

describe("waiting for tasks", () => {
  test("tells success and failure of each, in the order asked", async () => {
    const desk = new TaskDesk();
    desk.end("task-vm-1", SUCCESS);
    desk.end("task-vm-2", failure("TaskInProgress", "Another task is already in progress."));
    desk.end("task-vm-3", failure("InvalidPowerState", "Already off."));
    const { vsphere } = await talk(desk);
    const seen: number[] = [];
    const outcomes = await vsphere.writer.powerOff(vms(3), (done) => seen.push(done));
    expect(outcomes.map((each) => [each.id, each.error?.message])).toEqual([
      ["vm-1", undefined],
      ["vm-2", "vCenter refused to power off vm-2: Another task is already in progress. (TaskInProgress)"],
      ["vm-3", undefined],
    ]);
    expect(seen).toEqual([1, 2, 3]);
  });

  test("needs one view and one filter for any number of tasks, and never more than the limit at once", async () => {
    const desk = new TaskDesk();
    let open = 0;
    let most = 0;
    const { fake, vsphere } = await talk(desk, {
      PowerOffVM_Task: (xml) => {
        const id = `task-${/vm-\d+/.exec(xml)?.[0]}`;
        open += 1;
        most = Math.max(most, open);
        setImmediate(() => {
          open -= 1;
          desk.end(id, SUCCESS);
        });
        return `<returnval type="Task">${id}</returnval>`;
      },
    });
    const outcomes = await vsphere.writer.powerOff(vms(40));
    expect(outcomes.filter((each) => each.error !== undefined)).toEqual([]);
    expect(most).toBeLessThanOrEqual(16);
    for (const once of ["CreatePropertyCollector", "CreateListView", "CreateFilter"]) {
      expect(fake.operations().filter((each) => each === once)).toHaveLength(1);
    }
  });

  test("goes on with the same tasks when the connection is lost", async () => {
    const desk = new TaskDesk();
    const { fake, vsphere } = await talk(desk, {
      WaitForUpdatesEx: (_xml, nth) => {
        if (nth > 2) return desk.updates();
        if (nth === 2) desk.end("task-vm-1", SUCCESS);
        return "reset";
      },
    });
    expect(await vsphere.writer.powerOff(vms(1))).toEqual([{ id: "vm-1" }]);
    expect(fake.operations().filter((each) => each === "PowerOffVM_Task")).toHaveLength(1);
    expect(fake.operations().filter((each) => each === "CreatePropertyCollector")).toHaveLength(3);
  });

  test("goes on in a new session when the old one ends", async () => {
    const desk = new TaskDesk();
    const { fake, vsphere } = await talk(desk, {
      WaitForUpdatesEx: (_xml, nth) => {
        if (nth > 2) return desk.updates();
        desk.end("task-vm-1", SUCCESS);
        return { fault: nth === 1 ? "NotAuthenticated" : "ManagedObjectNotFound" };
      },
    });
    expect(await vsphere.writer.powerOff(vms(1))).toEqual([{ id: "vm-1" }]);
    expect(fake.operations().filter((each) => each === "Login")).toHaveLength(2);
  });

  test("is OUTCOME_UNKNOWN when it cannot be begun again", async () => {
    const { vsphere } = await talk(new TaskDesk(), { WaitForUpdatesEx: () => "reset" });
    const [outcome] = await vsphere.writer.powerOff(vms(1));
    expect(outcome?.error).toMatchObject({ code: "OUTCOME_UNKNOWN", found: { task: "task-vm-1" } });
  });

  test("is OUTCOME_UNKNOWN for a task that vCenter has forgotten", async () => {
    const { vsphere } = await talk(new TaskDesk(), {
      ModifyListView: () => '<returnval type="Task">task-vm-1</returnval>',
    });
    const [outcome] = await vsphere.writer.powerOff(vms(1));
    expect(outcome?.error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
  });

  test("a task that could not even be listed is listed again", async () => {
    const desk = new TaskDesk();
    desk.end("task-vm-1", SUCCESS);
    const { vsphere } = await talk(desk, {
      ModifyListView: (xml, nth) => (nth === 1 ? "reset" : (desk.script["ModifyListView"]?.(xml, nth) ?? "")),
    });
    expect(await vsphere.writer.powerOff(vms(1))).toEqual([{ id: "vm-1" }]);
  });

  test("asks again and again where there is no list view, and says so", async () => {
    const { log, lines } = recordingLog();
    const { fake, vsphere } = await talk(
      new TaskDesk(),
      {
        CreateListView: () => ({ fault: "MethodNotFound" }),
        RetrievePropertiesEx: (_xml, nth) =>
          `<returnval>${object("Task", "task-vm-1", { "info.state": string(nth < 3 ? "running" : "success") })}</returnval>`,
      },
      { log },
    );
    expect(await vsphere.writer.powerOff(vms(1))).toEqual([{ id: "vm-1" }]);
    expect(fake.operations().filter((each) => each === "RetrievePropertiesEx")).toHaveLength(3);
    expect(lines.filter((each) => each.level === "warn")).toHaveLength(1);
  });

  test("ends when the connection is closed, as OUTCOME_UNKNOWN", async () => {
    const desk = new TaskDesk();
    const waiting = Promise.withResolvers<void>();
    const { vsphere } = await talk(desk, {
      WaitForUpdatesEx: () => {
        waiting.resolve();
        return "hang";
      },
    });
    const outcome = vsphere.writer.powerOff(vms(1));
    await waiting.promise;
    await vsphere.close();
    expect((await outcome)[0]?.error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
  });

  test("gives a task up after its time", async () => {
    const { vsphere } = await talk(
      new TaskDesk(),
      {},
      {
        clock: {
          now: () => new Date(0),
          elapsed: () => 0,
          sleep: () => new Promise((resolve) => setImmediate(resolve)),
        },
        timeouts: { connect: 5000, call: 5000, storage: 5000, task: 1 },
      },
    );
    const [outcome] = await vsphere.writer.powerOff(vms(1));
    expect(outcome?.error).toMatchObject({ code: "OUTCOME_UNKNOWN", found: { waitedMs: 1 } });
  });
});

describe("registering", () => {
  const files = [
    { path: "[gold] a/a.vmx", template: false },
    { path: "[gold] t/t.vmtx", template: true },
    { path: "[gold] old/old.vmx", template: false },
  ];
  const host = {
    id: asMoRef("host-1"),
    name: plainName("h"),
    connectionState: "connected",
    datacenter: { id: asMoRef("dc"), name: plainName("dc"), vmFolder: asMoRef("group-v1") },
    computeResource: asMoRef("cr"),
    resourcePool: asMoRef("rp"),
    storageSystem: asMoRef("ss"),
    datastoreSystem: asMoRef("ds"),
  } as const;

  test("tells the new VMs, counts a registered path as done, and gives a template a host but no pool", async () => {
    const desk = new TaskDesk();
    const made = (id: string): string =>
      SUCCESS + assign("info.result", `<val type="VirtualMachine" xsi:type="ManagedObjectReference">${id}</val>`);
    desk.end("task-a", made("vm-7"));
    desk.end("task-t", made("vm-8"));
    desk.end("task-old", failure("AlreadyExists", "It exists."));
    const { fake, vsphere } = await talk(desk, {
      RegisterVM_Task: (xml) => `<returnval type="Task">task-${/\] (\w+)\//.exec(xml)?.[1]}</returnval>`,
    });
    const outcomes = await vsphere.writer.register(files, { host, folder: asMoRef("group-v1"), pool: asMoRef("rp") });
    expect(outcomes).toEqual([
      { id: "[gold] a/a.vmx", vmId: "vm-7" },
      { id: "[gold] t/t.vmtx", vmId: "vm-8" },
      { id: "[gold] old/old.vmx", alreadyThere: true },
    ]);
    const asked = fake.requests.filter((each) => each.operation === "RegisterVM_Task").map((each) => each.xml);
    const template = asked.find((xml) => xml.includes("t.vmtx")) ?? "";
    expect(template).toMatch(/path><asTemplate>true<.*<host type="HostSystem">host-1</);
    expect(template).not.toContain("<pool");
    expect(asked.join("")).not.toContain("<name");
  });
});

describe("shutting guests down", () => {
  const power = (id: string, state: string): string =>
    `<objectSet><kind>modify</kind><obj type="VirtualMachine">${id}</obj>${assign("runtime.powerState", `<val xsi:type="VirtualMachinePowerState">${state}</val>`)}</objectSet>`;
  const states = (...objects: string[]): string =>
    `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter>${objects.join("")}</filterSet></returnval>`;
  const script: Script = { ...new TaskDesk().script, DestroyPropertyCollector: () => "" };

  test("waits for all over one filter, and tells who has no tools and who was off already", async () => {
    const desk = new TaskDesk();
    const { fake, vsphere } = await talk(desk, {
      ...script,
      ShutdownGuest: (xml) =>
        xml.includes(">vm-2<")
          ? { fault: "ToolsUnavailable" }
          : xml.includes(">vm-3<")
            ? { fault: "InvalidPowerState" }
            : "",
      WaitForUpdatesEx: (_xml, nth) =>
        nth === 1
          ? states(power("vm-1", "poweredOn"), power("vm-4", "poweredOff"))
          : states(power("vm-1", "poweredOff")),
    });
    const outcomes = await vsphere.writer.shutDownGuests(vms(4), 60_000);
    expect(outcomes.map(({ error }) => (error instanceof PrepError ? error.code : error))).toEqual([
      undefined,
      "TOOLS_MISSING",
      undefined,
      undefined,
    ]);
    expect(fake.operations().filter((each) => each === "CreateFilter")).toHaveLength(1);
  });

  test("a guest that does not go off in time is GUEST_STILL_RUNNING", async () => {
    const timeUp = Promise.withResolvers<void>();
    const { vsphere } = await talk(
      new TaskDesk(),
      {
        ...script,
        ShutdownGuest: () => "",
        WaitForUpdatesEx: (_xml, nth) => {
          if (nth === 1) return states(power("vm-1", "poweredOn"), power("vm-2", "poweredOff"));
          timeUp.resolve();
          return "hang";
        },
      },
      { clock: { now: () => new Date(0), elapsed: () => 0, sleep: () => timeUp.promise } },
    );
    const [late, off] = await vsphere.writer.shutDownGuests(vms(2), 5000);
    expect(late?.error).toMatchObject({
      code: "GUEST_STILL_RUNNING",
      found: { operation: "ShutdownGuest", limit: "limits.guestShutdown" },
      hint: expect.stringContaining("limits.guestShutdown"),
    });
    expect(off).toEqual({ id: "vm-2" });
  });

  test("a guest that went off while nothing told of it is looked at once more before it is called running", async () => {
    const timeUp = Promise.withResolvers<void>();
    const { vsphere } = await talk(
      new TaskDesk(),
      {
        ...script,
        ShutdownGuest: () => "",
        WaitForUpdatesEx: () => {
          timeUp.resolve();
          return "hang";
        },
        RetrievePropertiesEx: () =>
          `<returnval>${["poweredOff", "poweredOn"]
            .map((state, nth) => object("VirtualMachine", `vm-${nth + 1}`, { "runtime.powerState": string(state) }))
            .join("")}</returnval>`,
      },
      { clock: { now: () => new Date(0), elapsed: () => 0, sleep: () => timeUp.promise } },
    );
    const outcomes = await vsphere.writer.shutDownGuests(vms(2), 5000);
    expect(outcomes.map(({ error }) => (error instanceof PrepError ? error.code : error))).toEqual([
      undefined,
      "GUEST_STILL_RUNNING",
    ]);
  });

  test("a lost reply to the request is settled by the power state", async () => {
    const { vsphere } = await talk(new TaskDesk(), {
      ...script,
      ShutdownGuest: () => "reset",
      WaitForUpdatesEx: () => states(power("vm-1", "poweredOff")),
    });
    expect(await vsphere.writer.shutDownGuests(vms(1), 60_000)).toEqual([{ id: "vm-1" }]);
  });
});
