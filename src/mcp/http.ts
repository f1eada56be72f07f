/** MCP over Streamable HTTP, from the factory that stdio has: stateless for 2026-07-28, in sessions for older clients. */
import { type AuthInfo, createMcpHandler, isLegacyRequest } from "@modelcontextprotocol/server";
import type { Clock } from "../core/ports/runtime.ts";
import type { McpContext } from "./invoke.ts";
import { buildServer } from "./server.ts";
import { type SessionLimits, Sessions } from "./sessions.ts";

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
  const modern = createMcpHandler(build, {
    legacy: "reject",
    maxRequestBodySize: limits.maxBodyBytes,
    // Headers at once, and keep-alives: a proxy would give up on a call that is silent for as long as a person thinks.
    responseMode: "sse",
    onerror: (error) => context.log.debug({ err: error }, "an MCP request over HTTP"),
  });
  const sessions = new Sessions(build, limits, clock);
  return {
    handle: async (request, principal, authInfo) =>
      (await isLegacyRequest(request))
        ? sessions.handle(request, principal, authInfo)
        : modern.fetch(request, { authInfo }),
    sessions: () => sessions.size,
    close: async () => {
      await modern.close();
      await sessions.close();
    },
  };
}
