import * as z from "zod";
import { planTool } from "./define.ts";
import { client, host, lun, reason } from "./inputs.ts";

export const registerVms = planTool({
  name: "register_vms",
  title: "Plan: register VMs",
  description:
    "Plan to register every VMX on the assigned LUN's datastore that is not registered yet. Powers nothing on. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({
    lun,
    client,
    host,
    reason,
  }),
  run: (args, engine, { actor }) => engine.plan("register", args, actor),
});
