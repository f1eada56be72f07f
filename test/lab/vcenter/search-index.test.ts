import { describe, expect, test } from "vitest";
import { self, startVim } from "./vcenter.ts";

describe("the search index", () => {
  const INDEX = self("SearchIndex", "SearchIndex");

  test("finds hosts by address and name, within a Datacenter where one is given", async () => {
    const { soap, world } = await startVim({ scenario: "two-hosts" });
    const [one, two] = world.model.hosts;
    const byIp = (datacenter: string) =>
      soap.call(
        "FindAllByIp",
        `${INDEX}<datacenter type="Datacenter">${datacenter}</datacenter><ip>${one?.name}</ip><vmSearch>false</vmSearch>`,
      );
    expect((await byIp(one?.datacenterId ?? "")).value.text).toBe(one?.id);
    expect((await byIp(two?.datacenterId ?? "")).values).toEqual([]);
    const dns = await soap.call(
      "FindByDnsName",
      `${INDEX}<dnsName>${two?.dnsName.toUpperCase()}</dnsName><vmSearch>false</vmSearch>`,
    );
    expect([dns.value.text, dns.value.attributes.get("type")]).toEqual([two?.id, "HostSystem"]);
  });

  test("finds VMs of several clones by the UUID that they share", async () => {
    const { soap, world } = await startVim({ scenario: "same-gold" });
    const shared = world.model.vms[0]?.instanceUuid ?? "";
    const { values } = await soap.call(
      "FindAllByUuid",
      `${INDEX}<uuid>${shared}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`,
    );
    expect(values).toHaveLength(2);
  });

  test("follows inventory paths, escapes in them too", async () => {
    const { soap, world } = await startVim();
    const vm = world.model.vms.find(({ name }) => name === "db-01") ?? expect.fail();
    vm.name = "a/b %";
    world.announce();
    const path = `${world.model.datacenters[0]?.name}/vm/a%2fb %25`;
    expect((await soap.call("FindByInventoryPath", `${INDEX}<inventoryPath>${path}</inventoryPath>`)).value.text).toBe(
      vm.id,
    );
    expect((await soap.call("FindByInventoryPath", `${INDEX}<inventoryPath>no/such</inventoryPath>`)).values).toEqual(
      [],
    );
  });
});
