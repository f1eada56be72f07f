import { z } from "zod";
import { planTool } from "./define.ts";
import { client, host, lun } from "./inputs.ts";

export const registerVms = planTool({
  name: "register_vms",
  title: "Plan: register VMs",
  description:
    "Plan to register every VMX found on the assigned LUN's datastore that is not registered yet. Powers nothing on. Changes nothing: show the operator the command and impact, and only after their yes call confirm_plan.",
  input: z.strictObject({
    lun,
    client,
    host,
  }),
  run: (args, engine, { actor }) => engine.plan("register", args, actor),
});
