/** MCP over Streamable HTTP, from the factory that stdio has: stateless for 2026-07-28, in sessions for older clients. */
import { type AuthInfo, createMcpHandler, isLegacyRequest, type McpServerFactory } from "@modelcontextprotocol/server";
import type { Clock } from "../core/ports/runtime.ts";
import type { McpContext } from "./invoke.ts";
import { MODERN } from "./operator.ts";
import { buildServer, type Offer } from "./server.ts";
import { type SessionLimits, Sessions } from "./sessions.ts";

/** By the method in `Mcp-Method`, which the SDK holds against the one in the body: what a list is of. */
const LISTS: ReadonlyMap<string, Offer> = new Map([
  ["tools/list", "tools"],
  ["prompts/list", "prompts"],
  ["resources/list", "resources"],
  ["resources/templates/list", "resources"],
]);

export interface McpOverHttp {
  /** Answers a request of this principal, whose token was looked at before. */
  handle(request: Request, principal: string, auth: AuthInfo): Promise<Response>;
  /** How many sessions of older clients are open. */
  sessions(): number;
  /** Breaks off what is under way; runs are not this process's. */
  close(): Promise<void>;
}

export function mcpOverHttp(context: McpContext, limits: SessionLimits, clock: Clock): McpOverHttp {
  const build = () => buildServer(context);
  const modern = (responseMode: "sse" | "auto", factory: McpServerFactory) =>
    createMcpHandler(factory, {
      legacy: "reject",
      maxRequestBodySize: limits.maxBodyBytes,
      responseMode,
      onerror: (error) => context.log.debug({ err: error }, "an MCP request over HTTP"),
    });
  // Headers at once, and keep-alives: a proxy would give up on a call that is silent for as long as a person thinks.
  const calls = modern("sse", build);
  // A list asks nobody, and is answered at once. Most of its work would be the making of what it is not of.
  const lists = modern("auto", ({ requestInfo }) =>
    buildServer(context, LISTS.get(requestInfo?.headers.get("mcp-method") ?? "")),
  );
  const sessions = new Sessions(build, limits, clock);
  return {
    handle: async (request, principal, authInfo) => {
      const method = request.headers.get("mcp-method") ?? "";
      // A list of today's protocol is known by its headers, so that its body is not read twice.
      const isList = LISTS.has(method) && request.headers.get("mcp-protocol-version") === MODERN;
      if (isList) return lists.fetch(request, { authInfo });
      return (await isLegacyRequest(request))
        ? sessions.handle(request, principal, authInfo)
        : calls.fetch(request, { authInfo });
    },
    sessions: () => sessions.size,
    close: async () => {
      await Promise.all([calls.close(), lists.close()]);
      await sessions.close();
    },
  };
}
