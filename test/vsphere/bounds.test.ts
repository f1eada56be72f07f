/** A vCenter that does not end: replies, pages, updates. Each is given up, with what it was about. */
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import type { Clock } from "../../src/core/ports/runtime.ts";
import { ReplyBudget, ReplyTooLarge } from "../../src/vsphere/reply-budget.ts";
import { type Answer, type Script, string, vmObject } from "./fake-vcenter.ts";
import { errorOf, host, hurriedClock, talk, uuid, vm } from "./talk.ts";

const SHORT = { connect: 2000, call: 500, storage: 500, task: 20_000 };
/** Longer than a test may take. */
const LONG = { connect: 2000, call: 600_000, storage: 600_000, task: 600_000 };
const datastores = [asMoRef("datastore-1")];

const xml = (body: AsyncIterable<string>): Answer => ({ status: 200, type: "text/xml", body });

async function* endless(first: string, piece: string, sent = { bytes: 0 }): AsyncIterable<string> {
  yield first;
  for (;;) {
    sent.bytes += piece.length * 4096;
    yield piece.repeat(4096);
  }
}

async function* trickle(): AsyncIterable<string> {
  yield "<a>";
  for (;;) {
    yield "<b/>";
    await pause(50, undefined, { ref: false });
  }
}

describe("a reply that does not end", () => {
  test("is TIMED_OUT for a read, however often something of it comes", async () => {
    const { vsphere } = await talk(
      { RetrievePropertiesEx: () => xml(trickle()), FindAllByIp: () => xml(trickle()) },
      { timeouts: SHORT },
    );
    const inventory = await errorOf(vsphere.reader.inventory());
    expect(inventory.code).toBe("TIMED_OUT");
    expect(inventory.found).toMatchObject({ operation: "RetrievePropertiesEx", limit: "limits.vcenterCall" });
    expect(inventory.hint).toContain("limits.vcenterCall");
    expect((await errorOf(vsphere.reader.findHost("10.0.0.1", []))).code).toBe("TIMED_OUT");
  });

  test("is OUTCOME_UNKNOWN for a change, with the limit's name", async () => {
    const { vsphere } = await talk({ UnmountVmfsVolume: () => xml(trickle()) }, { timeouts: SHORT });
    const error = await errorOf(vsphere.writer.unmount(host, uuid));
    expect(error.code).toBe("OUTCOME_UNKNOWN");
    expect(error.found).toMatchObject({ operation: "UnmountVmfsVolume", limit: "limits.rescan" });
  });

  test("is not waited for where it is no XML either", async () => {
    const answer: Answer = { status: 200, type: "text/html", body: trickle() };
    const { vsphere } = await talk({ RetrievePropertiesEx: () => answer }, { timeouts: SHORT });
    expect((await errorOf(vsphere.reader.inventory())).code).toBe("REMOTE_GARBAGE");
  });

  test.each([
    ["text", " "],
    ["elements, by what they take in memory", "<b/>"],
  ])("is REMOTE_GARBAGE once there are more %s than in any answer of its kind", async (_what, piece) => {
    const sent = { bytes: 0 };
    const { vsphere } = await talk({ Login: () => xml(endless("<a>", piece, sent)) }, { timeouts: LONG });
    const error = await errorOf(vsphere.reader.inventory());
    expect(error.code).toBe("REMOTE_GARBAGE");
    expect(error.found).toMatchObject({ operation: "Login" });
    // What the sockets hold comes on top of what was read.
    expect(sent.bytes).toBeLessThan(12 * 1024 * 1024);
  });

  test("may have the VMs of the largest vCenter, where a list is asked for, and no more", () => {
    // As one VM is read here: 1.1 kB, 30 elements.
    const vms = (count: number) => (): void => ReplyBudget.large().spend(1100 * count, 30 * count);
    expect(vms(45_000)).not.toThrow();
    expect(vms(200_000)).toThrow(ReplyTooLarge);
  });

  test("is not too large where it is a list", async () => {
    const vms = Array.from({ length: 2000 }, (_, nth) => vmObject(`vm-${nth}`)).join("");
    const { vsphere } = await talk({ RetrievePropertiesEx: () => `<returnval>${vms}</returnval>` });
    expect(await vsphere.reader.vmsOn(datastores)).toHaveLength(2000);
  });

  test("does not keep a list of versions from being done without", async () => {
    const { fake, vsphere } = await talk(
      { RetrievePropertiesEx: () => "" },
      { timeouts: LONG, versions: endless("<a>", " ") },
    );
    expect(await vsphere.reader.vmsOn(datastores)).toEqual([]);
    expect(fake.requests.at(-1)?.action).toBe('"urn:vim25/6.5"');
  });
});

describe("pages that do not end", () => {
  const page = (token: string, objects: string): string => `<returnval><token>${token}</token>${objects}</returnval>`;

  test.each<[string, Script[string]]>([
    ["the same token again", () => page("1", vmObject("vm-1"))],
    ["new tokens with nothing on the pages", (_xml, nth) => page(`${nth + 1}`, "")],
    ["new tokens and an object each", (_xml, nth) => page(`${nth + 1}`, vmObject(`vm-${nth}`))],
  ])("%s: REMOTE_GARBAGE", async (_what, more) => {
    const { fake, vsphere } = await talk(
      { RetrievePropertiesEx: () => page("1", vmObject("vm-0")), ContinueRetrievePropertiesEx: more },
      { timeouts: LONG },
    );
    expect((await errorOf(vsphere.reader.vmsOn(datastores))).code).toBe("REMOTE_GARBAGE");
    expect(fake.requests.length).toBeLessThan(600);
  });
});

describe("updates that do not end", () => {
  const WATCHING: Script = {
    PowerOffVM_Task: () => '<returnval type="Task">task-1</returnval>',
    CreatePropertyCollector: () => '<returnval type="PropertyCollector">pc-1</returnval>',
    DestroyPropertyCollector: () => "",
    CreateListView: () => '<returnval type="ListView">list-1</returnval>',
    CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
    ModifyListView: () => "",
    ShutdownGuest: () => "",
  };
  const update = (type: string, id: string, name: string, value: string): string =>
    `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>modify</kind><obj type="${type}">${id}</obj><changeSet><name>${name}</name><op>assign</op>${string(value)}</changeSet></objectSet></filterSet></returnval>`;
  const waits = (operations: readonly string[]): number =>
    operations.filter((each) => each === "WaitForUpdatesEx").length;

  test("a cut answer whose rest is cut for ever is given up", async () => {
    const { fake, vsphere } = await talk(
      { ...WATCHING, WaitForUpdatesEx: () => "<returnval><version>1</version><truncated>true</truncated></returnval>" },
      { clock: hurriedClock },
    );
    const [outcome] = await vsphere.writer.powerOff([vm]);
    expect(outcome?.error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(waits(fake.operations())).toBeLessThan(500);
  });

  const pausing = (): { clock: Clock; pauses: number[] } => {
    const pauses: number[] = [];
    const sleep: Clock["sleep"] = (ms, signal) => {
      if (ms < 20_000) pauses.push(ms);
      return hurriedClock.sleep(ms, signal);
    };
    return { clock: { ...hurriedClock, sleep }, pauses };
  };

  test.each([
    ["nothing", ""],
    ["the same", update("Task", "task-1", "info.state", "running")],
  ])("a task's watch that is answered at once with %s is paused between its questions", async (_what, answer) => {
    const { clock, pauses } = pausing();
    const { fake, vsphere } = await talk(
      {
        ...WATCHING,
        WaitForUpdatesEx: (_xml, nth) => (nth < 120 ? answer : update("Task", "task-1", "info.state", "success")),
      },
      { clock },
    );
    const [outcome] = await vsphere.writer.powerOff([vm]);
    expect(outcome?.error).toBeUndefined();
    expect(waits(fake.operations())).toBe(120);
    expect(pauses.length).toBeGreaterThan(40);
  });

  test("so is the watch of guests that shut down", async () => {
    const { clock, pauses } = pausing();
    const off = update("VirtualMachine", vm, "runtime.powerState", "poweredOff");
    const { vsphere } = await talk({ ...WATCHING, WaitForUpdatesEx: (_xml, nth) => (nth < 120 ? "" : off) }, { clock });
    expect(await vsphere.writer.shutDownGuests([vm], 600_000)).toEqual([{ id: vm }]);
    expect(pauses.length).toBeGreaterThan(40);
  });
});

test("signing out without an answer is cut short", async () => {
  const { fake, vsphere } = await talk({ RetrievePropertiesEx: () => "", Logout: () => "hang" }, { timeouts: LONG });
  await vsphere.reader.vmsOn(datastores);
  await vsphere.close();
  expect(fake.operations().at(-1)).toBe("Logout");
});

test("closing does not wait for a sign-in that is not answered", async () => {
  const { vsphere } = await talk({ Login: () => "hang" }, { timeouts: LONG });
  const read = errorOf(vsphere.reader.vmsOn(datastores));
  await vsphere.close();
  expect((await read).code).toBe("UNREACHABLE");
});
