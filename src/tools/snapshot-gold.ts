import * as z from "zod";
import { planTool } from "./define.ts";
import { client, host, lun, reason } from "./inputs.ts";

export const snapshotGold = planTool({
  name: "snapshot_gold",
  title: "Plan: snapshot of gold",
  description:
    "Plan to take a snapshot of the GOLD volume, its VMs off. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({
    lun,
    name: z.string().describe("The snapshot's name"),
    client,
    host,
    crashConsistent: z.boolean().describe("Also while VMs on gold run").exactOptional(),
    reason,
  }),
  run: ({ name, ...args }, engine, { actor }) => engine.plan("snapshot", { ...args, newSnapshot: name }, actor),
});
