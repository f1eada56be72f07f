/** Links from a result to the resource that shows the same thing later. */
import type { Link } from "../tools/define.ts";

export const planLink = (planId: string): Link => ({
  uri: `atvm://plans/${encodeURIComponent(planId)}`,
  name: `plan ${planId}`,
});

export const runLink = (runId: string): Link => ({
  uri: `atvm://runs/${encodeURIComponent(runId)}`,
  name: `run ${runId}`,
});
