import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import { blindSpotWarnings, refuseBlindSpots } from "../../../src/core/observe/blind-spots.ts";
import type { Host, Inventory } from "../../../src/core/ports/hypervisor.ts";

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
