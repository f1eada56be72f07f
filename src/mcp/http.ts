/** MCP over Streamable HTTP, from the factory that stdio has: stateless for 2026-07-28, in sessions for older clients. */
import { type AuthInfo, createMcpHandler, isLegacyRequest } from "@modelcontextprotocol/server";
import type { Clock } from "../core/ports/runtime.ts";
import type { McpContext } from "./invoke.ts";
import { MODERN } from "./operator.ts";
import { buildServer } from "./server.ts";
import { type SessionLimits, Sessions } from "./sessions.ts";

/** A method in `Mcp-Method`, which the SDK holds against the one in the body. */
const LIST = /^(tools|prompts|resources|resources\/templates)\/list$/;

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
  const modern = (responseMode: "sse" | "auto") =>
    createMcpHandler(build, {
      legacy: "reject",
      maxRequestBodySize: limits.maxBodyBytes,
      responseMode,
      onerror: (error) => context.log.debug({ err: error }, "an MCP request over HTTP"),
    });
  // Headers at once, and keep-alives: a proxy would give up on a call that is silent for as long as a person thinks.
  const calls = modern("sse");
  // A list asks nobody, and is answered at once.
  const lists = modern("auto");
  const sessions = new Sessions(build, limits, clock);
  return {
    handle: async (request, principal, authInfo) => {
      const method = request.headers.get("mcp-method") ?? "";
      // A list of today's protocol is known by its headers, so that its body is not read twice.
      const isList = LIST.test(method) && request.headers.get("mcp-protocol-version") === MODERN;
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
