import { z } from "zod";
import { auditText } from "../text/index.ts";
import { auditView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { limit, planId, runId } from "./inputs.ts";

const since = z
  .string()
  .max(40)
  .refine((said) => /^\d{4}-\d\d-\d\d/.test(said) && !Number.isNaN(Date.parse(said)), "not a date or an instant")
  .describe("ISO 8601 date or instant");

export const readAudit = readTool({
  name: "read_audit",
  title: "Read the audit",
  description: "Audit rows (who planned, approved and did what, refusals included) and whether their hash chain holds.",
  input: z.strictObject({
    since: since.exactOptional(),
    until: since.exactOptional(),
    type: z.string().describe("Of this type, e.g. plan_approved").exactOptional(),
    actor: z.string().describe("Part of the name").exactOptional(),
    steps: z.boolean().describe("Also the rows of single steps").exactOptional(),
    planId: planId.exactOptional(),
    runId: runId.exactOptional(),
    limit,
  }),
  result: auditView,
  run: ({ steps = false, ...args }, engine) => engine.readAudit({ ...args, steps }),
  present: (found) => found,
  text: (audit) => auditText(audit),
});
