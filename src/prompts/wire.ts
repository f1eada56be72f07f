/** Puts a prompt on a server, with names completed from the array. */
import { completable, type McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { McpContext } from "../mcp/invoke.ts";
import { complete } from "../resources/wire.ts";
import type { Prompt, PromptArgument } from "./define.ts";

/** A snapshot is one of the LUN's that was filled in before. */
function field(argument: PromptArgument, mcp: McpContext): z.ZodType<string | undefined> {
  const { complete: what, description, required } = argument;
  const text = z.string().max(256).describe(description);
  if (what === undefined) return required ? text : text.optional();
  const completed = completable(text, (prefix, context) => {
    const lun = context?.arguments?.["lun"];
    return complete(mcp, what, prefix, lun === undefined ? {} : { lun });
  });
  return required ? completed : completed.optional();
}

const argumentsOf = (prompt: Prompt, mcp: McpContext) =>
  z.object(Object.fromEntries(prompt.arguments.map((argument) => [argument.name, field(argument, mcp)])));

/** Over HTTP each request has a server of its own, and making these would be most of its work. */
const made = new WeakMap<McpContext, Map<Prompt, ReturnType<typeof argumentsOf>>>();

export function registerPrompt(server: McpServer, prompt: Prompt, mcp: McpContext): void {
  const known = made.get(mcp) ?? new Map<Prompt, ReturnType<typeof argumentsOf>>();
  made.set(mcp, known);
  const argsSchema = known.get(prompt) ?? argumentsOf(prompt, mcp);
  known.set(prompt, argsSchema);
  server.registerPrompt(
    prompt.name,
    { title: prompt.title, description: prompt.description, argsSchema },
    (values) => ({
      messages: [{ role: "user", content: { type: "text", text: prompt.text(values, mcp.wording().tool) } }],
    }),
  );
}
