import { beforeEach, describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import { blindSpotWarnings, refuseBlindSpots } from "../../../src/core/observe/blind-spots.ts";
import type { Host, Inventory } from "../../../src/core/ports/hypervisor.ts";
import { HOST, refusal, withEngine } from "../../support/engine.ts";

const host: Host = {
  id: asMoRef("host-1"),
  name: plainName("esx"),
  connectionState: "connected",
  datacenter: { id: asMoRef("dc-1"), name: plainName("DC"), vmFolder: asMoRef("vms") },
  computeResource: asMoRef("compute"),
  resourcePool: asMoRef("pool"),
  storageSystem: asMoRef("storage"),
  datastoreSystem: asMoRef("datastores"),
};
const error = new PrepError("REMOTE_FAULT", "vCenter does not show it.", { hint: "Give the account the privilege." });

const without = (...datacenters: (string | undefined)[]): Inventory => ({
  hosts: [host],
  datastores: [],
  unreadable: datacenters.map((id, nth) => ({
    id: asMoRef(`datastore-${nth}`),
    type: "Datastore",
    error,
    ...(id === undefined ? {} : { datacenterId: asMoRef(id) }),
  })),
});

describe("what the account may not read", () => {
  test.each([["dc-1"], [undefined]])("refuses a plan where it lies in the target's Datacenter, or may (%s)", (id) => {
    expect(() => refuseBlindSpots(host, without("dc-2", id))).toThrow(error);
  });

  test("elsewhere is left out, and warned of", () => {
    const inventory = without("dc-2", "dc-2", "dc-3", "dc-3", "dc-3", "dc-3");
    expect(() => refuseBlindSpots(host, inventory)).not.toThrow();
    expect(blindSpotWarnings(host, inventory)).toEqual([
      "The account may not read Datastore datastore-0, Datastore datastore-1, Datastore datastore-2, Datastore datastore-3, Datastore datastore-4 and 1 more in other Datacenters: whether this LUN's signature is mounted there is not checked.",
    ]);
  });

  test("is nothing to tell of where all can be read", () => {
    expect(blindSpotWarnings(host, without())).toEqual([]);
  });
});

describe("a vCenter of which the account sees a part", async () => {
  const bench = await withEngine();
  beforeEach(() => bench.reset("two-hosts"));

  /** A datastore of the target's own Datacenter, or of the other one. */
  const datastoreIn = (where: "own" | "other"): string => {
    const { hosts, datastores } = bench.lab.world.model;
    const own = hosts.find(({ name }) => name === HOST)?.datacenterId;
    const found = datastores.find(({ datacenterId }) => (datacenterId === own) === (where === "own"));
    return found?.id ?? expect.fail(`no datastore in its ${where} Datacenter`);
  };

  const MODES = ["automated_testing", "maintenance", "register", "unregister", "rollback", "release"] as const;

  test.each(MODES)("plans %s where a datastore in another Datacenter cannot be read, and warns", async (mode) => {
    const hidden = datastoreIn("other");
    await bench.control.touch("unreadable", { object: hidden, property: "info" });
    expect((await bench.plan(mode)).warnings.join()).toContain(`may not read Datastore ${hidden} in other Datacenters`);
  });

  test.each(MODES)("plans no %s where one in its own cannot be, and says which and for want of what", async (mode) => {
    const hidden = datastoreIn("own");
    await bench.control.touch("unreadable", { object: hidden, property: "info" });
    const refused = await refusal(bench.plan(mode), "REMOTE_FAULT");
    expect(refused.found).toMatchObject({ object: hidden, property: "info", privilege: "System.Read" });
    expect(refused.hint).toContain("System.Read");
  });
});
