import * as z from "zod";
import { auditText } from "../text/index.ts";
import { auditView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { limit, planId, runId } from "./inputs.ts";

const since = z
  .string()
  .refine((said) => /^\d{4}-\d\d-\d\d/.test(said) && !Number.isNaN(Date.parse(said)), "not a date or an instant");

export const readAudit = readTool({
  name: "read_audit",
  title: "Read the audit",
  description: "Audit rows (who planned, approved and did what; every call) and whether their hash chain holds.",
  input: z.strictObject({
    since: since.describe("ISO 8601").exactOptional(),
    until: since.exactOptional(),
    type: z.string().describe("E.g. plan_approved").exactOptional(),
    actor: z.string().describe("Part of the name").exactOptional(),
    lun: z.string().exactOptional(),
    steps: z.boolean().describe("Also step rows").exactOptional(),
    planId: planId.exactOptional(),
    runId: runId.exactOptional(),
    limit,
    cursor: z.string().describe("From a page: older rows").exactOptional(),
  }),
  result: auditView,
  run: ({ steps = false, ...args }, engine) => engine.readAudit({ ...args, steps }),
  present: (found) => found,
  text: (audit) => auditText(audit),
});
