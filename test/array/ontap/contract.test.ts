import { describe, it } from "vitest";
import { arrayContract } from "../../../src/array/kit.ts";
import { createOntap } from "../../../src/array/ontap/array.ts";
import { GOLD, startLab } from "./support.ts";

describe.each([
  "",
  "first-page=empty,records=absent,clone-lun=late,job-code=integer",
  "base-snapshot=absent,delete-mapped=allowed,not-found=405,blocked-restore=call,version=forbidden",
])("the ONTAP driver keeps the contract on the lab, doubts: %s", (doubts) => {
  const checks = arrayContract(async () => {
    const { options, close } = await startLab({ doubts });
    return {
      driver: { create: createOntap },
      options,
      gold: GOLD,
      client: "CDS1-ESX165",
      mayRollBack: true,
      maySnapshot: true,
      close,
    };
  });
  for (const { title, run } of checks) it(title, ({ skip }) => run(skip));
});
