/** What may be done next, in the words of the door at which it is read. */
import type { NextAction } from "../core/domain/next-action.ts";
import { planPageOf, type Wording } from "./wording.ts";

/** `name {"argument": "value"}`: a call that an assistant can make as it stands. */
const callText = (name: string, args: Readonly<Record<string, unknown>>): string =>
  `${name} {${Object.entries(args)
    .map(([key, value]) => `"${key}": ${JSON.stringify(value)}`)
    .join(", ")}}`;

/** One sentence. */
export const nextSentence = (action: NextAction, wording: Wording): string =>
  wording.door === "assistant" ? forAssistant(action, wording) : forTerminal(action, wording);

/** Sentences that follow each other, after one that holds everywhere. */
export const withNext = (hint: string, next: readonly NextAction[], wording: Wording): string =>
  [hint, ...next.map((action) => nextSentence(action, wording))].join(" ");

function forAssistant(action: NextAction, wording: Wording): string {
  const { line, tool } = wording;
  const toolCall = (name: string, args: Readonly<Record<string, unknown>>): string => callText(tool(name), args);
  switch (action.kind) {
    case "plan_again":
      return "Plan again.";
    case "plan_with":
      return `Or plan with ${action.option}: true.`;
    case "prepare":
      return `${tool("prep_automated_testing")} plans a fresh clone, ${tool("prep_maintenance")} gold itself.`;
    case "maintain":
      return `${tool("prep_maintenance")} plans it.`;
    case "register":
      return `${toolCall("register_vms", { lun: action.lun, client: action.client })} plans to register its VMs.`;
    case "release":
      return `${toolCall("release_target", { lun: action.lun, client: action.client })} plans to clean it up.`;
    case "approve": {
      const page = planPageOf(wording, action.planId);
      return `A person approves it ${page === undefined ? "" : `at ${page} or `}with \`${line("approve", action.planId)}\` on a terminal; after that, call ${tool("confirm_plan")}.`;
    }
    case "confirm_again":
      return `Call ${tool("confirm_plan")} again to have the operator asked again.`;
    case "confirm_once_answered":
      return `Ask the operator to answer it, then call ${tool("confirm_plan")} again: a yes counts also now.`;
    case "discard_plans":
      return `${tool("discard_plan")} drops them.`;
    case "see_plans":
      return `${tool("inspect_target")} shows the open plans of a host.`;
    case "see_luns":
      return `${tool("list_luns")} shows the gold LUNs.`;
    case "see_snapshots":
      return `${toolCall("list_snapshots", { lun: action.lun })} shows its snapshots.`;
    case "see_targets":
      return `${tool("list_targets")} shows the clients and hosts.`;
    case "see_runs":
      return `${tool("list_runs")} shows the runs.`;
    case "show_run":
      return `${toolCall("get_run", { runId: action.runId })} shows that run.`;
    case "follow_run":
      return `Follow it with ${toolCall("get_run", { runId: action.runId, waitSeconds: 30 })}.`;
    case "stop_run":
      return `${toolCall("cancel_run", { runId: action.runId })} stops it before its next step.`;
    case "resume":
      return `${toolCall("resume_run", { runId: action.runId })} plans what is left.`;
    case "verify_audit":
      return `${tool("read_audit")} says whether the audit chain holds.`;
    case "note":
      return action.text;
  }
}

const OPTION_FLAGS = {
  keepClone: "--keep_clone",
  forcePowerOff: "--force_power_off",
  crashConsistent: "--crash_consistent",
  releaseFirst: "--release_first",
} as const satisfies Record<Extract<NextAction, { kind: "plan_with" }>["option"], string>;

function forTerminal(action: NextAction, { line }: Wording): string {
  switch (action.kind) {
    case "plan_again":
      return "Run the command again.";
    case "plan_with":
      return `Or add \`${OPTION_FLAGS[action.option]}\`.`;
    case "prepare":
      return "`-A` makes a fresh clone available, `-M` gold itself.";
    case "maintain":
      return "`-M` does it.";
    case "register":
      return `\`${line("-R", "-n", action.lun, "-c", action.client)}\` registers its VMs.`;
    case "release":
      return `\`${line("--release", "-n", action.lun, "-c", action.client)}\` cleans it up.`;
    case "approve":
      return `\`${line("approve", action.planId)}\` approves it.`;
    case "confirm_again":
      return "Run it again to be asked again.";
    case "confirm_once_answered":
      return "Run it again once it is answered.";
    case "discard_plans":
      return `\`${line("plans")}\` lists them, \`${line("plans", "discard", "PLAN")}\` drops one.`;
    case "see_plans":
      return `\`${line("plans")}\` lists the open plans.`;
    case "see_luns":
      return `\`${line("luns")}\` lists the gold LUNs.`;
    case "see_snapshots":
      return `\`${line("snapshots", action.lun)}\` lists its snapshots.`;
    case "see_targets":
      return `\`${line("status")}\` shows the clients and hosts.`;
    case "see_runs":
      return `\`${line("runs")}\` lists the runs.`;
    case "show_run":
      return `\`${line("run", "show", action.runId)}\` shows that run.`;
    case "follow_run":
      return `\`${line("run", "watch", action.runId)}\` follows it.`;
    case "stop_run":
      return `\`${line("run", "cancel", action.runId)}\` stops it before its next step.`;
    case "resume":
      return `\`${line("run", "resume", action.runId)}\` plans what is left.`;
    case "verify_audit":
      return `\`${line("audit", "verify")}\` says whether the audit chain holds.`;
    case "note":
      return action.text;
  }
}
