/** Hosts are found by what their address means, however each side spells it. */
import { expect, test } from "vitest";
import { CLIENT, HOST, refusal, withEngine } from "../../support/engine.ts";

const OTHER = { client: "CDS1-ESX166", host: "192.168.1.166" };

test("an IPv6 address is one in all its spellings: pair, command, array and vCenter", async () => {
  const pair = { client: CLIENT, host: "2001:DB8:0:0::165" };
  const bench = await withEngine({}, { pairs: [pair, OTHER], defaults: pair });
  await bench.control.touch("rename-host", { host: HOST, name: "2001:db8::165" });
  await bench.control.touch("readdress-client", { client: CLIENT, name: "2001:0db8::0165" });
  for (const host of [undefined, "[2001:db8::165]", "2001:db8:0::165"]) {
    const { target } = await bench.plan("automated_testing", host === undefined ? {} : { host, client: CLIENT });
    expect(target.client.name).toBe(CLIENT);
    expect(target.host.address).toBe(pair.host);
  }
  await refusal(bench.plan("automated_testing", { host: "2001:db8::166", client: CLIENT }), "PAIR_CONFLICT");
});

test("without a configured pair, the array's record is compared by what it means too", async () => {
  const bench = await withEngine({}, { pairs: [OTHER], defaults: OTHER });
  await bench.control.touch("rename-host", { host: HOST, name: "2001:db8::165" });
  await bench.control.touch("readdress-client", { client: CLIENT, name: "2001:0DB8::165" });
  const plan = await bench.plan("automated_testing", { client: CLIENT, host: "2001:db8:0::165" });
  expect(plan.target.client.name).toBe(CLIENT);
});
