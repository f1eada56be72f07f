/** One way for every tool call: who asks, the call, the result as data and as text, a refusal as data and as text. */
import {
  type AuthInfo,
  type CallToolResult,
  CLIENT_INFO_META_KEY,
  type InputRequiredResult,
  isInputRequiredResult,
  type McpServer,
  type ScopeChallengeHandler,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { asPrepError } from "../core/domain/errors.ts";
import type { Role } from "../core/domain/roles.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Actor, Engine } from "../core/engine.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { errorText, presentError, type Wording } from "../text/index.ts";
import type { Tool } from "../tools/define.ts";
import { operatorOf } from "./operator.ts";
import { progressTo } from "./progress.ts";
import { beginCall } from "./record-call.ts";

/** What the MCP door needs from the house around it. */
export interface McpContext {
  /** Opened on the first call, so that listing the tools needs neither a store nor the network. */
  readonly engine: () => Promise<Engine>;
  /** Who calls, but for what the client calls itself. Over HTTP each request brings its own proof. */
  readonly caller: (auth: AuthInfo | undefined) => Actor | Promise<Actor>;
  /** Refuses a call to those who lack a role, where callers have roles. */
  readonly roleGate?: (needs: Role, call: string) => ScopeChallengeHandler;
  readonly log: Logger;
  /** How things are worded for the client's assistant. */
  readonly wording: () => Wording;
}

const implementation = z.looseObject({ name: z.string(), version: z.string().optional() });

/** What the client calls itself: recorded, never trusted. */
function clientName({ server }: McpServer, ctx: ServerContext): string | undefined {
  const envelope: Readonly<Record<string, unknown>> = { ...ctx.mcpReq.envelope };
  const said = implementation.safeParse(envelope[CLIENT_INFO_META_KEY] ?? server.getClientVersion());
  if (!said.success) return undefined;
  return safeText(said.data.version === undefined ? said.data.name : `${said.data.name} ${said.data.version}`, 80);
}

export async function actorOf(context: McpContext, server: McpServer, ctx: ServerContext): Promise<Actor> {
  const client = clientName(server, ctx);
  return {
    ...(await context.caller(ctx.http?.authInfo)),
    ...(client === undefined ? {} : { client }),
  };
}

/** Never throws: what goes wrong is an answer with `isError`. Each call is a row of the audit; one that is none says so. */
export async function invoke(
  tool: Tool,
  args: unknown,
  context: McpContext,
  server: McpServer,
  ctx: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const progress = progressTo(ctx, tool.kind === "confirm" ? "start" : "now");
  let opened: { readonly engine: Engine; readonly actor: Actor } | undefined;
  const record = beginCall(tool.name, args, () => opened, context.log);
  try {
    const engine = await context.engine();
    const actor = { ...(await actorOf(context, server, ctx)), tool: tool.name };
    opened = { engine, actor };
    const operator = operatorOf(server, ctx, context.wording(), progress);
    const wording = { ...context.wording(), canAsk: operator.canAsk };
    const result = await tool.call(args, engine, {
      actor,
      signal: ctx.mcpReq.signal,
      onUpdate: progress.onUpdate,
      operator,
      wording,
    });
    if (isInputRequiredResult(result)) {
      await record.asked();
      return result;
    }
    return answer(result.structured, result.text, await record.answered(result.structured));
  } catch (thrown) {
    const error = asPrepError(thrown);
    if (error.code === "INTERNAL")
      context.log.error({ tool: tool.name, err: error.cause ?? error }, "a tool call failed");
    const wording = context.wording();
    const view = presentError(error, wording);
    const text = errorText(view, wording.tool("confirm_plan"));
    return { isError: true, ...answer({ error: view }, text, await record.refused(error)) };
  } finally {
    await progress.end();
  }
}

/** Data and text, each complete by itself: some clients hand on only one of them. */
const answer = (structured: Record<string, unknown>, text: string, notice: string | undefined): CallToolResult => ({
  structuredContent: notice === undefined ? structured : { ...structured, notice },
  content: [{ type: "text", text: notice === undefined ? text : `${text}\n\n${notice}` }],
});
