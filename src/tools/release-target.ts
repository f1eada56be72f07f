import * as z from "zod";
import { planTool } from "./define.ts";
import { client, forcePowerOff, host, keepClone, lun, reason } from "./inputs.ts";

export const releaseTarget = planTool({
  name: "release_target",
  title: "Plan: release a target",
  description:
    "Plan to clean up what a client has of a LUN's family, stale leftovers too, and make nothing new: VMs off and unregistered, the clone deleted; gold is only unassigned. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({
    lun,
    client,
    host,
    keepClone,
    forcePowerOff,
    reason,
  }),
  run: (args, engine, { actor }) => engine.plan("release", args, actor),
});
