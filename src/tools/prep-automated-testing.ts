import { z } from "zod";
import { planTool } from "./define.ts";
import { client, forcePowerOff, host, keepClone, lun, registerVms, releaseFirst, snapshot } from "./inputs.ts";

export const prepAutomatedTesting = planTool({
  name: "prep_automated_testing",
  title: "Plan: automated testing",
  description:
    "Plan a fresh throw-away clone of a gold LUN's snapshot for a test host: clean up what is assigned, clone, assign, rescan, force-mount. Changes nothing: show the operator the plan's command and impact, and only after their yes call confirm_plan.",
  input: z.strictObject({
    lun,
    snapshot,
    client,
    host,
    registerVms,
    keepClone,
    forcePowerOff,
    releaseFirst,
  }),
  run: (args, engine, { actor }) => engine.plan("automated_testing", args, actor),
});
