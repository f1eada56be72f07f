import { describe, it } from "vitest";
import { arrayContract, type ContractTarget } from "../../../src/array/kit.ts";
import { loadDriver } from "../../../src/array/load-driver.ts";
import { startLab } from "../../../src/lab/start.ts";
import { silentLog } from "../../../src/logging/log.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { siteTarget } from "../../../src/systems/array-kit.ts";

const GOLD = "AutomatedTest-VMBootImg-Gold";
const CLIENT = "CDS1-ESX165";

async function lab(): Promise<ContractTarget> {
  const { info, caPem, close } = await startLab({ scenario: "empty" });
  return {
    driver: await loadDriver("dgs", "/"),
    options: {
      ...info.dgs,
      password: () => info.dgs.password,
      tls: { ca: caPem },
      timeouts: { connectMs: 5_000, callMs: 10_000, jobMs: 60_000 },
      clock: systemClock,
      log: silentLog,
    },
    gold: GOLD,
    client: CLIENT,
    mayRollBack: true,
    maySnapshot: true,
    close,
  };
}

/** The site's array and driver, as its configuration names them (docs/driver.md). */
const site = (config: string): Promise<ContractTarget> =>
  siteTarget({
    config,
    gold: process.env["ATVM_CONTRACT_GOLD"] ?? GOLD,
    client: process.env["ATVM_CONTRACT_CLIENT"] ?? CLIENT,
    mayRollBack: process.env["ATVM_CONTRACT_ROLLBACK"] === "yes",
    maySnapshot: process.env["ATVM_CONTRACT_SNAPSHOT"] === "yes",
  });

const file = process.env["ATVM_CONTRACT_CONFIG"];
describe(`array driver contract: ${file === undefined ? "the own driver on the lab" : "the site's driver"}`, () => {
  for (const { title, run } of arrayContract(() => (file === undefined ? lab() : site(file)))) {
    it(title, ({ skip }) => run(skip));
  }
});
