import * as z from "zod";
import { planTool } from "./define.ts";
import { client, forcePowerOff, host, keepClone, lun, reason, registerVms, releaseFirst } from "./inputs.ts";

export const prepMaintenance = planTool({
  name: "prep_maintenance",
  title: "Plan: maintenance",
  description:
    "Plan to give a test host the gold volume itself, to edit the image: clean up the clone, assign gold, mount. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({
    lun,
    client,
    host,
    registerVms,
    keepClone,
    forcePowerOff,
    releaseFirst,
    reason,
  }),
  run: (args, engine, { actor }) => engine.plan("maintenance", args, actor),
});
