import * as z from "zod";
import { planTool } from "./define.ts";
import { client, forcePowerOff, host, lun, reason } from "./inputs.ts";

export const unregisterVms = planTool({
  name: "unregister_vms",
  title: "Plan: unregister VMs",
  description:
    "Plan to power off and unregister the VMs on the assigned LUN's datastore. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({
    lun,
    client,
    host,
    forcePowerOff,
    reason,
  }),
  run: (args, engine, { actor }) => engine.plan("unregister", args, actor),
});
