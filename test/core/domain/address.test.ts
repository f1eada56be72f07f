import { describe, expect, test } from "vitest";
import { isSameAddress, isSameEndpoint } from "../../../src/core/domain/address.ts";

describe("addresses", () => {
  test.each([
    ["2001:DB8:0:0::165", "2001:db8::165"],
    ["[2001:db8::165]", "2001:0db8:0000:0000:0000:0000:0000:0165"],
    ["::ffff:192.0.2.1", "::FFFF:c000:201"],
    ["ESX165.lab.example", "esx165.lab.example"],
    ["fe80::1%vmk0", "FE80::1%vmk0"],
  ])("%s is %s", (one, other) => expect(isSameAddress(one, other)).toBe(true));

  test.each([
    ["2001:db8::165", "2001:db8::166"],
    ["192.168.1.165", "192.168.1.16"],
    ["::192.0.2.1", "192.0.2.1"],
  ])("%s is not %s", (one, other) => expect(isSameAddress(one, other)).toBe(false));
});

describe("endpoints", () => {
  test.each([
    ["vc.example", "VC.example:443"],
    ["[2001:db8::1]:443", "2001:DB8:0::1"],
    ["10.0.0.1:8443", "10.0.0.1:08443"],
  ])("%s is %s", (one, other) => expect(isSameEndpoint(one, other)).toBe(true));

  test.each([
    ["vc.example", "vc.example:8443"],
    ["[2001:db8::1]:444", "[2001:db8::1]"],
  ])("%s is not %s", (one, other) => expect(isSameEndpoint(one, other)).toBe(false));
});
