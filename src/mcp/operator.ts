/**
 * Asking the person behind the client, where a plan's policy is `prompt`. Clients of the 2026-07-28 protocol get an
 * `input_required` result and call again with the answer; older ones are sent an elicitation while the call waits. An
 * answer is as much worth as the client is trusted; the challenge that comes back with it is only a handle, and the
 * engine checks it. Where a person approves on the console, a client that opens pages leads them to the plan's.
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
import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import { traitsOf } from "../core/domain/modes.ts";
import { safeText } from "../core/domain/safe-text.ts";
import { type Answered, type ApprovalAnswer, ApprovalNeeded } from "../core/engine.ts";
import type { PlanRecord } from "../core/records.ts";
import { presentPlan, questionText, type Wording } from "../text/index.ts";
import { planPageOf } from "../text/wording.ts";
import type { Progress } from "./progress.ts";

/**
 * How long a call without a progress token waits for the answer: its client gives up after a minute. One with a token is
 * told every few seconds that it goes on, and may wait for the whole time that the answer counts.
 */
const SILENT_WAIT_MS = 50_000;

/** First protocol without requests from the server. */
export const MODERN = "2026-07-28";

/** The keys in `inputRequests`: of the one form, and of the page that the person is led to. */
const FORM = "approval";
const PAGE = "page";

/** What a confirm is given of the person's approval. */
export interface GivenApproval {
  readonly answered?: Answered;
  /** The person went to the plan's page: they are waited for. */
  readonly awaitApprovalMs?: number;
}

export interface Operator {
  /** The client has said that it can show a form. */
  readonly canAsk: boolean;
  /** The answer that this very call carries. */
  readonly answered: Answered | undefined;
  /** Whether the person went to the plan's page, as this very call says; undefined where it says nothing of it. */
  readonly opened: boolean | undefined;
  /** Asks: the answer, or what to send the client so that it calls again with one. */
  ask(needed: ApprovalNeeded, late: LateAnswer): Promise<Answered | InputRequiredResult>;
  /**
   * Has the client lead the person to the plan's page on the console: whether they went there, or what to send the client so
   * that it calls again with that. False where there is no console, or the client opens no pages.
   */
  leadToPage(planId: string): Promise<boolean | InputRequiredResult>;
}

/** Takes an answer that comes when the call that asked is over. */
export type LateAnswer = (answered: Answered) => Promise<void>;

/**
 * Runs `confirm`, asking the person once where it wants an answer, or leading them to where they approve.
 * Errors: what `confirm` throws; `NOT_APPROVED` where it is not content with the answer either, or there is none yet.
 */
export async function withApproval<T extends object>(
  operator: Operator,
  confirm: (given: GivenApproval) => Promise<T>,
  late: LateAnswer,
): Promise<T | InputRequiredResult> {
  const { answered, opened } = operator;
  try {
    return await confirm({
      ...(answered === undefined ? {} : { answered }),
      ...(opened === true ? { awaitApprovalMs: SILENT_WAIT_MS } : {}),
    });
  } catch (thrown) {
    if (thrown instanceof ApprovalNeeded) return await asking(operator, thrown, confirm, late);
    const planId = answered === undefined && opened === undefined ? approvedElsewhere(thrown) : undefined;
    if (planId === undefined) throw thrown;
    const began = performance.now();
    const led = await operator.leadToPage(planId);
    if (isInputRequiredResult(led)) return led;
    if (!led) throw thrown;
    return await confirm({ awaitApprovalMs: Math.max(SILENT_WAIT_MS - (performance.now() - began), 0) });
  }
}

async function asking<T extends object>(
  operator: Operator,
  needed: ApprovalNeeded,
  confirm: (given: GivenApproval) => Promise<T>,
  late: LateAnswer,
): Promise<T | InputRequiredResult> {
  const asked = await operator.ask(needed, late);
  if (isInputRequiredResult(asked)) return asked;
  return await confirm({ answered: asked }).catch((again: unknown) => {
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

/** The plan that a refusal says is to be approved on another channel. */
function approvedElsewhere(thrown: unknown): string | undefined {
  if (!(thrown instanceof PrepError) || thrown.code !== "NOT_APPROVED") return undefined;
  for (const action of thrown.next) if (action.kind === "approve") return action.planId;
  return undefined;
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
function canShow(capabilities: unknown): { readonly forms: boolean; readonly pages: boolean } {
  const declared = elicitCapability.safeParse(capabilities);
  if (!declared.success) return { forms: false, pages: false };
  const { form, url } = declared.data.elicitation;
  return { forms: form !== undefined || url === undefined, pages: url !== undefined };
}

/** The person behind the client that made this call. */
export function operatorOf(
  { server }: McpServer,
  ctx: ServerContext,
  wording: Wording,
  progress: Pick<Progress, "onWaiting">,
): Operator {
  const modern = (server.getNegotiatedProtocolVersion() ?? "") >= MODERN;
  const envelope: Readonly<Record<string, unknown>> = { ...ctx.mcpReq.envelope };
  const can = canShow(modern ? envelope[CLIENT_CAPABILITIES_META_KEY] : server.getClientCapabilities());
  return {
    canAsk: can.forms,
    answered: modern ? carriedBy(ctx) : undefined,
    opened: modern ? openedBy(ctx) : undefined,
    ask: (needed, late) => {
      if (modern) return askLater(needed, wording);
      progress.onWaiting("Waiting for the operator's answer", needed.plan.steps.length);
      return askNow(needed, ctx, wording, late);
    },
    leadToPage: async (planId) => {
      const url = can.pages ? planPageOf(wording, planId) : undefined;
      if (url === undefined) return false;
      const page = { url, message: pageText(planId) };
      return modern ? inputRequired({ inputRequests: { [PAGE]: inputRequired.elicitUrl(page) } }) : leadNow(page, ctx);
    },
  };
}

function carriedBy(ctx: ServerContext): Answered | undefined {
  const challenge: unknown = ctx.mcpReq.requestState();
  const response = inputResponse(ctx.mcpReq.inputResponses, FORM);
  if (typeof challenge !== "string" || response.kind !== "elicit") return undefined;
  return { challenge, answer: answerOf(response.action, response.content) };
}

function openedBy(ctx: ServerContext): boolean | undefined {
  const response = inputResponse(ctx.mcpReq.inputResponses, PAGE);
  return response.kind === "elicit" ? response.action === "accept" : undefined;
}

const pageText = (planId: string): string =>
  `Plan ${safeText(planId, 60)} needs a person's approval. Its page shows what it does and what is lost, and has the two answers.`;

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

/**
 * An error of the client's is a form put away: the plan stays open. The form stays as long as its answer counts, also when
 * the call is over: some clients cannot take one away, and an answer that is given in good faith is not lost.
 */
async function askNow(
  needed: ApprovalNeeded,
  ctx: ServerContext,
  wording: Wording,
  late: LateAnswer,
): Promise<Answered> {
  const { plan, challenge, answerWithinMs } = needed;
  const { message, requestedSchema } = question(plan, wording);
  const { send, signal, _meta } = ctx.mcpReq;
  const answered = (answer: ApprovalAnswer): Answered => ({ challenge, answer });
  const reply = send({ method: "elicitation/create", params: { message, requestedSchema } }, elicitResult, {
    timeout: answerWithinMs,
  }).then(({ action, content }) => answered(answerOf(action, content)));
  const waitMs = _meta?.progressToken === undefined ? Math.min(SILENT_WAIT_MS, answerWithinMs) : answerWithinMs;
  const over = Promise.withResolvers<undefined>();
  const end = (): void => over.resolve(undefined);
  const timer = setTimeout(end, waitMs);
  signal.addEventListener("abort", end, { once: true });
  const given = await Promise.race([reply.catch(() => answered({ kind: "cancel" })), over.promise]);
  clearTimeout(timer);
  if (given !== undefined) return given;
  void reply.then(late).catch(() => undefined);
  throw new PrepError("NOT_APPROVED", "The operator has not answered yet; the question is still open.", {
    found: { planId: plan.planId },
    hint: "Nothing was changed.",
    next: [
      { kind: "confirm_once_answered", planId: plan.planId },
      { kind: "approve", planId: plan.planId },
    ],
  });
}

/** Whether the person went there. That they came back with an answer is for the plan to say. */
async function leadNow(page: { readonly url: string; readonly message: string }, ctx: ServerContext): Promise<boolean> {
  const params = { mode: "url" as const, elicitationId: crypto.randomUUID(), ...page };
  const reply = await ctx.mcpReq
    .send({ method: "elicitation/create", params }, elicitResult, {
      timeout: SILENT_WAIT_MS,
      signal: ctx.mcpReq.signal,
    })
    .catch(() => ({ action: "cancel" as const }));
  return reply.action === "accept";
}
