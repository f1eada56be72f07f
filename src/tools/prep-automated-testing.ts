import * as z from "zod";
import { planTool } from "./define.ts";
import { client, forcePowerOff, host, keepClone, lun, reason, registerVms, releaseFirst, snapshot } from "./inputs.ts";

export const prepAutomatedTesting = planTool({
  name: "prep_automated_testing",
  title: "Plan: automated testing",
  description:
    "Plan a fresh throw-away clone of a gold LUN's snapshot for a test host: clone, assign, clean up the old, force-mount. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({
    lun,
    snapshot,
    client,
    host,
    registerVms,
    keepClone,
    forcePowerOff,
    releaseFirst,
    reason,
  }),
  run: (args, engine, { actor }) => engine.plan("automated_testing", args, actor),
});
