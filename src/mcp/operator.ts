/**
 * Asking the person behind the client, where a plan's policy is `prompt`. Clients of the 2026-07-28 protocol get an
 * `input_required` result and call again with the answer; older ones are sent an elicitation while the call waits. An
 * answer is as much worth as the client is trusted; the challenge that comes back with it is only a handle, and the
 * engine checks it.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  isInputRequiredResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { PrepError } from "../core/domain/errors.ts";
import { traitsOf } from "../core/domain/modes.ts";
import { type ApprovalAnswer, ApprovalNeeded } from "../core/engine.ts";
import type { PlanRecord } from "../core/records.ts";
import { presentPlan, questionText, type Wording } from "../text/index.ts";

/** How long an older client's person has for the answer. */
const ANSWER_WITHIN_MS = 50_000;

/** First protocol without requests from the server. */
const MODERN = "2026-07-28";

/** The key of the one form in `inputRequests`. */
const FORM = "approval";

export interface Answered {
  readonly challenge: string;
  readonly answer: ApprovalAnswer;
}

export interface Operator {
  /** The client has said that it can show a form. */
  readonly canAsk: boolean;
  /** The answer that this very call carries. */
  readonly answered: Answered | undefined;
  /** Asks: the answer, or what to send the client so that it calls again with one. */
  ask(needed: ApprovalNeeded): Promise<Answered | InputRequiredResult>;
}

/**
 * Runs `confirm`, asking the person once where it wants an answer.
 * Errors: what `confirm` throws; `NOT_APPROVED` where it is not content with the answer either.
 */
export async function withApproval<T extends object>(
  operator: Operator,
  confirm: (answered: Answered | undefined) => Promise<T>,
): Promise<T | InputRequiredResult> {
  try {
    return await confirm(operator.answered);
  } catch (thrown) {
    if (!(thrown instanceof ApprovalNeeded)) throw thrown;
    const asked = await operator.ask(thrown);
    if (isInputRequiredResult(asked)) return asked;
    return await confirm(asked).catch((again: unknown) => {
      if (!(again instanceof ApprovalNeeded)) throw again;
      throw new PrepError("NOT_APPROVED", `The answer to plan ${again.plan.planId} came too late or was not valid.`, {
        hint: "Nothing was changed.",
        next: [
          { kind: "confirm_again", planId: again.plan.planId },
          { kind: "approve", planId: again.plan.planId },
        ],
      });
    });
  }
}

const approveForm = z.object({ approve: z.boolean() });
const lunForm = z.object({ lunName: z.string().max(512) });

/** The form as the wire knows it: one field, so that there is one thing to say. */
function question(plan: PlanRecord, wording: Wording): Parameters<typeof inputRequired.elicit>[0] {
  const shown = presentPlan(plan, wording);
  const message = questionText(shown);
  // Some clients show little of the message, but all of a field.
  const what = `${shown.summary} Runs exactly: ${shown.command}`;
  return traitsOf(plan.mode).typedName
    ? {
        message,
        requestedSchema: {
          type: "object",
          properties: {
            lunName: {
              type: "string",
              title: "LUN name",
              description: `The gold LUN's full name, typed to approve. ${what}`,
            },
          },
          required: ["lunName"],
        },
      }
    : {
        message,
        requestedSchema: {
          type: "object",
          properties: {
            approve: { type: "boolean", title: "Approve", description: what, default: false },
          },
          required: ["approve"],
        },
      };
}

/** A form that was sent back empty or garbled says nothing: it counts as put away. */
function answerOf(action: "accept" | "decline" | "cancel", content: unknown): ApprovalAnswer {
  if (action !== "accept") return { kind: action };
  const typed = lunForm.safeParse(content);
  if (typed.success) return { kind: "accept", typedLun: typed.data.lunName };
  const said = approveForm.safeParse(content);
  return said.success ? { kind: "accept", approve: said.data.approve } : { kind: "cancel" };
}

const elicitCapability = z.looseObject({
  elicitation: z.looseObject({ form: z.unknown(), url: z.unknown() }).partial(),
});

/** `{}` means forms, as it did before there was anything else to ask for. */
function canShowForms(capabilities: unknown): boolean {
  const declared = elicitCapability.safeParse(capabilities);
  if (!declared.success) return false;
  const { form, url } = declared.data.elicitation;
  return form !== undefined || url === undefined;
}

/** The person behind the client that made this call. */
export function operatorOf({ server }: McpServer, ctx: ServerContext, wording: Wording): Operator {
  const modern = (server.getNegotiatedProtocolVersion() ?? "") >= MODERN;
  const envelope: Readonly<Record<string, unknown>> = { ...ctx.mcpReq.envelope };
  const canAsk = canShowForms(modern ? envelope[CLIENT_CAPABILITIES_META_KEY] : server.getClientCapabilities());
  return {
    canAsk,
    answered: modern ? carriedBy(ctx) : undefined,
    ask: (needed) => (modern ? askLater(needed, wording) : askNow(needed, ctx, wording)),
  };
}

function carriedBy(ctx: ServerContext): Answered | undefined {
  const challenge: unknown = ctx.mcpReq.requestState();
  const response = inputResponse(ctx.mcpReq.inputResponses, FORM);
  if (typeof challenge !== "string" || response.kind !== "elicit") return undefined;
  return { challenge, answer: answerOf(response.action, response.content) };
}

async function askLater({ plan, challenge }: ApprovalNeeded, wording: Wording): Promise<InputRequiredResult> {
  return inputRequired({
    inputRequests: { [FORM]: inputRequired.elicit(question(plan, wording)) },
    requestState: challenge,
  });
}

const elicitResult = z.looseObject({
  action: z.enum(["accept", "decline", "cancel"]),
  content: z.unknown().optional(),
});

/** No answer in time, or none that can be read, is a form put away: the plan stays open. */
async function askNow({ plan, challenge }: ApprovalNeeded, ctx: ServerContext, wording: Wording): Promise<Answered> {
  const { message, requestedSchema } = question(plan, wording);
  const reply = await ctx.mcpReq
    .send({ method: "elicitation/create", params: { message, requestedSchema } }, elicitResult, {
      timeout: ANSWER_WITHIN_MS,
      signal: ctx.mcpReq.signal,
    })
    .catch(() => ({ action: "cancel" as const, content: undefined }));
  return { challenge, answer: answerOf(reply.action, reply.content) };
}
