import { z } from "zod";
import { planTool } from "./define.ts";
import { client, forcePowerOff, host, keepClone, lun, registerVms, releaseFirst, snapshot } from "./inputs.ts";

export const rollbackGoldDisk = planTool({
  name: "rollback_gold_disk",
  title: "Plan: roll gold back",
  description:
    "Plan to roll the GOLD volume back to a snapshot. Destroys what was written since, and every newer snapshot. Changes nothing: show the operator the command, the snapshot's age and each snapshot lost; a person approves, then confirm_plan.",
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
  run: (args, engine, { actor }) => engine.plan("rollback", args, actor),
});
