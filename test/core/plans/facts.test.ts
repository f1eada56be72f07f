import { describe, expect, test } from "vitest";
import { diffFacts, fingerprintOf } from "../../../src/core/plans/facts.ts";

const vm = (power: string, label = "VM web-02") => ({
  "vm:vm-7": { label, fields: { path: "[ds] web/web.vmx", power } },
});

describe("facts", () => {
  test("tell a power change in plain words", () => {
    expect(diffFacts(vm("poweredOff"), vm("poweredOn"))).toEqual(["VM web-02 was powered on since"]);
  });

  test("tell what an assignment changed from and to", () => {
    const assigned = (volume: string) => ({ assigned: { label: "Client", fields: { "the assigned volume": volume } } });
    expect(diffFacts(assigned("clone-a (vol-1)"), assigned("clone-b (vol-2)"))).toEqual([
      "Client: the assigned volume changed from clone-a (vol-1) to clone-b (vol-2)",
    ]);
  });

  test("name what came and what went", () => {
    expect(diffFacts({}, vm("poweredOn"))[0]).toContain("VM web-02 is there now");
    expect(diffFacts(vm("poweredOn"), {})[0]).toContain("VM web-02 is gone");
  });

  test("a new label is no change: names are not identity", () => {
    expect(diffFacts(vm("poweredOn"), vm("poweredOn", "VM renamed"))).toEqual([]);
    expect(fingerprintOf(vm("poweredOn"))).toBe(fingerprintOf(vm("poweredOn", "VM renamed")));
  });

  test("the fingerprint differs exactly when a field does", () => {
    expect(fingerprintOf(vm("poweredOn"))).not.toBe(fingerprintOf(vm("poweredOff")));
  });
});
