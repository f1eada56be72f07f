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
import { z } from "zod";
import { asPrepError } from "../core/domain/errors.ts";
import type { Role } from "../core/domain/roles.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Actor, Engine } from "../core/engine.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { errorText, presentError, type Wording } from "../text/index.ts";
import type { Tool } from "../tools/define.ts";
import { operatorOf } from "./operator.ts";
import { progressTo } from "./progress.ts";

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

/** Never throws: what goes wrong is an answer with `isError`. */
export async function invoke(
  tool: Tool,
  args: unknown,
  context: McpContext,
  server: McpServer,
  ctx: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const progress = progressTo(ctx, tool.kind === "confirm" ? "start" : "now");
  try {
    const engine = await context.engine();
    const wording = context.wording();
    const result = await tool.call(args, engine, {
      actor: await actorOf(context, server, ctx),
      signal: ctx.mcpReq.signal,
      onUpdate: progress.onUpdate,
      operator: operatorOf(server, ctx, wording),
      wording,
    });
    if (isInputRequiredResult(result)) return result;
    return { structuredContent: result.structured, content: [{ type: "text", text: result.text }] };
  } catch (thrown) {
    const error = asPrepError(thrown);
    if (error.code === "INTERNAL")
      context.log.error({ tool: tool.name, err: error.cause ?? error }, "a tool call failed");
    const view = presentError(error, context.wording());
    return { isError: true, structuredContent: { error: view }, content: [{ type: "text", text: errorText(view) }] };
  } finally {
    await progress.end();
  }
}
