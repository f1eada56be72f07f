import * as z from "zod";
import { planTool } from "./define.ts";
import {
  client,
  forcePowerOff,
  host,
  keepClone,
  lun,
  reason,
  registerVms,
  releaseFirst,
  snapshotToName,
} from "./inputs.ts";

export const rollbackGoldDisk = planTool({
  name: "rollback_gold_disk",
  title: "Plan: roll gold back",
  description:
    "Plan to roll the GOLD volume back to a snapshot, then assign and mount it: VMs off and unregistered, the clone deleted, everything written since and every newer snapshot LOST. Changes nothing: show the operator the command, the snapshot's age and all that will be lost; a person approves, then confirm_plan.",
  input: z.strictObject({
    lun,
    snapshot: snapshotToName,
    client,
    host,
    registerVms,
    keepClone,
    forcePowerOff,
    releaseFirst,
    reason,
  }),
  run: (args, engine, { actor }) => engine.plan("rollback", args, actor),
});
