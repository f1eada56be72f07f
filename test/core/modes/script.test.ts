/** Plans for the site's own script where no array can be asked: what is known of its effect, from the host's side alone. */
import { describe, expect, test } from "vitest";
import { asClientId, asMoRef, asVmfsUuid, asVolumeId } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import { carriedOutByScript, type ScriptInput, scriptDraft } from "../../../src/core/modes/script.ts";
import type { HostObservation } from "../../../src/core/observe/observe-host.ts";
import { diffFacts } from "../../../src/core/plans/facts.ts";
import {
  CLONE,
  cloneOf,
  datastoreOf,
  drafted,
  GOLD,
  HOST,
  OLDEST,
  requested,
  SIGNATURE,
  seen,
  vmOn,
} from "../../support/observations.ts";

const inputOf = (mode: Mode, changes: Partial<ScriptInput["request"]> = {}, withPassword = false): ScriptInput => ({
  script: {
    words: (request, snapshot, vcenter) => ["prep", request.mode, snapshot ?? "-", vcenter],
    withPassword,
    where: "on box",
    conditionFixed: true,
    hasArray: false,
  },
  request: requested(mode, changes),
  vcenter: "vc.example",
});

const store = datastoreOf(CLONE);
const other = datastoreOf(cloneOf("other"), {
  id: asMoRef("datastore-other"),
  name: safeText("other-ds"),
  vmfsUuid: asVmfsUuid("5f1a2b3c-9-9-9"),
});
const observed = (changes: Partial<HostObservation> = {}): HostObservation => {
  const { host, inventory, storage } = seen([CLONE]);
  return {
    gold: { id: asVolumeId(GOLD.name), name: GOLD.name, naa: "unknown" },
    client: { id: asClientId("CDS1-ESX165"), name: safeText("CDS1-ESX165") },
    host,
    inventory,
    storage,
    datastores: [store],
    others: [],
    vms: [],
    devices: [],
    signatures: new Set([SIGNATURE]),
    ...changes,
  };
};
const on = vmOn(CLONE, "on", { powerState: "poweredOn" });
const off = vmOn(CLONE, "off");

test("one step: the script's words, and the goal that it is judged by", () => {
  const signatures = new Set([asVmfsUuid("5f1a2b3c-2-2-2"), asVmfsUuid("5f1a2b3c-1-1-1")]);
  expect(scriptDraft(inputOf("rollback", { snapshot: OLDEST.name }), observed({ signatures })).steps).toEqual([
    {
      id: "s1",
      kind: "script",
      after: [],
      words: ["prep", "rollback", OLDEST.name, "vc.example"],
      withPassword: false,
      where: "on box",
      goal: { mode: "rollback", lun: GOLD.name, signatures: ["5f1a2b3c-1-1-1", "5f1a2b3c-2-2-2"] },
    },
  ]);
});

describe("what it takes away", () => {
  const views = (...vms: (typeof on)[]): unknown =>
    vms.map(({ id, name, path }) => expect.objectContaining({ moref: id, name, path }));

  test.each(["automated_testing", "maintenance", "rollback"] as const)("in %s: VMs and the mount", (mode) => {
    const { impact } = scriptDraft(inputOf(mode), observed({ vms: [on, off] }));
    expect(impact.vmsToPowerOff).toEqual(views(on));
    expect(impact.vmsToUnregister).toEqual(views(on, off));
    expect(impact.datastoresToUnmount).toEqual([{ name: store.name, id: store.id, naa: CLONE.naa }]);
  });

  test("in unregister: VMs", () => {
    const { impact } = scriptDraft(inputOf("unregister"), observed({ vms: [on, off] }));
    expect(impact.vmsToUnregister).toEqual(views(on, off));
    expect(impact.datastoresToUnmount).toEqual([]);
  });

  test("in register: nothing, whatever stands in the way of a power-off", () => {
    const asking = { ...on, question: "Moved?", managedBy: "com.example" };
    const { impact } = scriptDraft(inputOf("register"), observed({ vms: [asking] }));
    expect(impact).toMatchObject({ vmsToPowerOff: [], vmsToUnregister: [], datastoresToUnmount: [] });
  });

  test.each([
    ["VM_HAS_QUESTION", observed({ vms: [{ ...on, question: "Moved?" }] })],
    ["VM_MANAGED", observed({ vms: [{ ...off, managedBy: "com.example" }] })],
  ])("is refused: %s", (code, observation) => {
    expect(() => scriptDraft(inputOf("unregister"), observation)).toThrow(expect.objectContaining({ code }));
  });

  test("a question of a VM that is off is in nobody's way", () => {
    const observation = observed({ vms: [{ ...off, question: "Moved?" }] });
    expect(scriptDraft(inputOf("unregister"), observation).steps).toHaveLength(1);
  });

  test.each(["register", "unregister", "maintenance"] as const)(
    "is refused on a datastore that others have mounted: %s",
    (mode) => {
      const mounts = [HOST.id, asMoRef("host-2"), asMoRef("host-3")].map((hostId) => ({
        hostId,
        mounted: hostId !== "host-3",
        accessible: true,
      }));
      expect(() => scriptDraft(inputOf(mode), observed({ datastores: [datastoreOf(CLONE, { mounts })] }))).toThrow(
        expect.objectContaining({ code: "DATASTORE_SHARED", found: { datastore: store.id, hosts: ["host-2"] } }),
      );
    },
  );
});

describe("what whoever approves is told", () => {
  const warnings = (mode: Mode, asked = {}, observation = observed(), withPassword = false): string =>
    scriptDraft(inputOf(mode, asked, withPassword), observation).warnings.join("\n");

  test("the command, and whether the password follows it", () => {
    expect(warnings("maintenance")).toMatch(/Runs the site's own script on box: prep maintenance - vc\.example\n/);
    expect(warnings("maintenance", {}, observed(), true)).toMatch(/vc\.example -vp, with the configured password/);
    expect(warnings("maintenance")).toMatch(/may power VMs off hard/);
    expect(warnings("maintenance")).toMatch(/No array can be asked/);
  });

  test.each([
    ["automated_testing", {}, true],
    ["automated_testing", { snapshot: OLDEST.name }, false],
    ["maintenance", {}, false],
    ["rollback", {}, true],
  ] as const)("that the script chooses the snapshot: %s %o %s", (mode, asked, isTold) => {
    expect(/No snapshot is named/.test(warnings(mode, asked))).toBe(isTold);
  });

  test.each([
    ["rollback", true],
    ["automated_testing", false],
  ] as const)("that what a rollback loses is not known: %s %s", (mode, isTold) => {
    expect(/newer snapshots are lost/.test(warnings(mode))).toBe(isTold);
  });

  test("that nothing of the LUN is on the host", () => {
    expect(warnings("maintenance", {}, observed({ datastores: [] }))).toMatch(
      /No datastore on 192\.168\.1\.165 carries/,
    );
    expect(warnings("maintenance")).not.toMatch(/No datastore on/);
  });

  test("what else the host has mounted, ten of it by name", () => {
    const many = Array.from({ length: 12 }, (_, at) => ({ ...other, name: safeText(`ds-${at}`) }));
    expect(warnings("maintenance")).not.toMatch(/also has/);
    expect(warnings("maintenance", {}, observed({ others: [other] }))).toMatch(/also has other-ds mounted; which/);
    expect(warnings("maintenance", {}, observed({ others: many }))).toMatch(/ds-8, ds-9 and 2 more mounted/);
  });
});

describe("it is stale once", () => {
  const base = inputOf("unregister");
  const facts = (observation: HostObservation, input = base) => scriptDraft(input, observation).facts;
  test.each<[string, HostObservation, HostObservation, RegExp]>([
    [
      "another volume is mounted",
      observed(),
      observed({ others: [other] }),
      /has mounted: signatures changed from 5f1a2b3c-0+1-.* to 5f1a2b3c-0+1-.* 5f1a2b3c-9-9-9$/,
    ],
    [
      "another disk is mounted",
      observed({ others: [other] }),
      observed({ others: [{ ...other, extents: [GOLD.naa] }] }),
      /has mounted: disks changed/,
    ],
    [
      "the LUN's datastore is on another disk",
      observed(),
      observed({ datastores: [datastoreOf(CLONE, { extents: [GOLD.naa] })] }),
      /^Datastore gold-ds: disks changed/,
    ],
    [
      "the LUN's datastore is lost",
      observed(),
      observed({ datastores: [datastoreOf(CLONE, { accessible: false })] }),
      /^Datastore gold-ds: accessible changed from true to false/,
    ],
    [
      "a VM was powered on",
      observed({ vms: [off] }),
      observed({ vms: [{ ...off, powerState: "poweredOn" }] }),
      /^VM off was powered on/,
    ],
    [
      "the host is another",
      observed(),
      observed({ host: { ...HOST, storageSystem: asMoRef("storageSystem-2") } }),
      /^Host .*storage/,
    ],
  ])("%s", (_, before, after, told) => {
    expect(diffFacts(facts(before), facts(after))).toContainEqual(expect.stringMatching(told));
  });

  test("the command is another", () => {
    const after = facts(observed(), inputOf("unregister", { snapshot: OLDEST.name }));
    expect(diffFacts(facts(observed()), after)).toContainEqual(expect.stringMatching(/^The script: command changed/));
  });

  test("not once guest tools end: nobody asks the guests", () => {
    const tools = (toolsRunning: boolean) => facts(observed({ vms: [{ ...on, toolsRunning }] }));
    expect(tools(true)).toEqual(tools(false));
  });

  test("not once the same comes in another order", () => {
    const two = { ...store, extents: [GOLD.naa, CLONE.naa] };
    const turned = { ...store, extents: [CLONE.naa, GOLD.naa] };
    const third = { ...other, id: asMoRef("datastore-8"), vmfsUuid: asVmfsUuid("5f1a2b3c-8-8-8") };
    const one = scriptDraft(base, observed({ datastores: [two], others: [other, third] }));
    const same = scriptDraft(base, observed({ datastores: [turned], others: [third, other] }));
    expect(same.fingerprint).toBe(one.fingerprint);
  });
});

describe("the mode's own plan, carried out by the script", () => {
  const own = drafted("automated_testing", seen([CLONE], { vms: [on] }));

  test("keeps its facts, impact and warnings, with the script's first", () => {
    const draft = carriedOutByScript(own, inputOf("automated_testing"), new Set([SIGNATURE]));
    expect(draft.steps).toMatchObject([
      {
        id: "s1",
        kind: "script",
        words: ["prep", "automated_testing", "nightly-27", "vc.example"],
        goal: { signatures: [SIGNATURE] },
      },
    ]);
    expect(draft.impact).toEqual(own.impact);
    expect(draft.warnings[0]).toMatch(/^Runs the site's own script/);
    expect(draft.warnings.slice(2)).toEqual(own.warnings);
    expect(draft.facts).toEqual({
      ...own.facts,
      engine: {
        label: "The script",
        fields: { command: "prep automated_testing nightly-27 vc.example", where: "on box" },
      },
    });
    expect(draft.fingerprint).not.toBe(own.fingerprint);
  });

  test("names the snapshot that was asked for where the mode chooses none", () => {
    const plain = drafted("maintenance", seen([CLONE]));
    const draft = carriedOutByScript(plain, inputOf("maintenance", { snapshot: OLDEST.name }), new Set());
    expect(draft.steps).toMatchObject([{ words: ["prep", "maintenance", OLDEST.name, "vc.example"] }]);
  });

  test("stays as it is where there is nothing to do", () => {
    const nothing = drafted("unregister", seen([CLONE]));
    expect(nothing.steps).toEqual([]);
    expect(carriedOutByScript(nothing, inputOf("unregister"), new Set())).toBe(nothing);
  });
});
