/** Puts a resource on a server: completion of names, percent-encoded variables, refusals as protocol errors. */
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { asPrepError, type ErrorCode } from "../core/domain/errors.ts";
import type { Actor, Engine } from "../core/engine.ts";
import { actorOf, type McpContext } from "../mcp/invoke.ts";
import { beginCall } from "../mcp/record-call.ts";
import { errorText, presentError } from "../text/index.ts";
import type { Completable, Resource } from "./define.ts";

/** As what a reading stands in the audit. */
const READ = "resources/read";

const MISSING: ReadonlySet<ErrorCode> = new Set(["UNKNOWN_LUN", "UNKNOWN_CLIENT", "PLAN_UNKNOWN", "RUN_UNKNOWN"]);

/** Names for a client's input field. A system that cannot be reached completes nothing. */
export async function complete(
  mcp: McpContext,
  what: Completable,
  prefix: string,
  context: { lun?: string } = {},
): Promise<string[]> {
  try {
    const engine = await mcp.engine();
    return await engine.completions(what, prefix, context);
  } catch (thrown) {
    mcp.log.warn({ err: thrown, what }, "names could not be completed");
    return [];
  }
}

function protocolError(uri: string, thrown: unknown, context: McpContext): ProtocolError {
  const error = asPrepError(thrown);
  if (error.code === "INTERNAL") context.log.error({ uri, err: error.cause ?? error }, "a resource could not be read");
  const view = presentError(error, context.wording());
  if (MISSING.has(error.code)) return new ResourceNotFoundError(uri, errorText(view));
  const code = error.code === "BAD_REQUEST" ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, errorText(view), { error: view });
}

function decoded(value: string | string[] | undefined): string {
  const raw = Array.isArray(value) ? value.join(",") : (value ?? "");
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

export function registerResource(server: McpServer, resource: Resource, context: McpContext): void {
  const { name, title, description, uri: template, complete: what } = resource;
  const metadata = { title, description, mimeType: "application/json" };
  const read = async (uri: URL, value: string, ctx: ServerContext): Promise<ReadResourceResult> => {
    let opened: { readonly engine: Engine; readonly actor: Actor } | undefined;
    const record = beginCall(READ, { uri: uri.href }, () => opened, context.log);
    try {
      const engine = await context.engine();
      const actor = { ...(await actorOf(context, server, ctx)), tool: READ };
      opened = { engine, actor };
      const contents = await resource.read(value, engine, actor, context.wording());
      const notice = await record.answered(contents);
      return {
        contents: [{ uri: uri.href, mimeType: "application/json", text: JSON.stringify(contents, null, 2) }],
        ...(notice === undefined ? {} : { _meta: { notice } }),
      };
    } catch (thrown) {
      await record.refused(asPrepError(thrown));
      throw protocolError(uri.href, thrown, context);
    }
  };
  const variable = /\{(\w+)\}/.exec(template)?.[1];
  if (variable === undefined) {
    server.registerResource(name, template, metadata, (uri, ctx) => read(uri, "", ctx));
    return;
  }
  // The SDK looks a variable up by the name that a client sends, which may be one that every object has.
  const completers: Record<string, (prefix: string) => Promise<string[]>> = Object.create(null);
  if (what !== undefined) completers[variable] = (prefix) => complete(context, what, prefix);
  server.registerResource(
    name,
    new ResourceTemplate(template, { list: undefined, complete: completers }),
    metadata,
    (uri, variables, ctx) => read(uri, decoded(variables[variable]), ctx),
  );
}
