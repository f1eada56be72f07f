/**
 * A raw conversation with the server that mcp.json of this folder starts: every line on its standard output must be
 * JSON-RPC. An argument, if given, is the program to start instead.
 */
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { z } from "zod";

const message = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  result: z.looseObject({}).optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});

const configured = z.object({
  mcpServers: z.object({ "atvm-prep": z.object({ command: z.string(), args: z.array(z.string()) }) }),
});
const [program] = process.argv.slice(2);
const { command, args } =
  program === undefined
    ? configured.parse(JSON.parse(await readFile("mcp.json", "utf8"))).mcpServers["atvm-prep"]
    : { command: process.execPath, args: [program, "serve", "--lab"] };
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const answers = new Map<number, (result: Record<string, unknown>) => void>();
let lines = 0;

createInterface({ input: child.stdout }).on("line", (line) => {
  const { id, result, error } = message.parse(JSON.parse(line));
  lines += 1;
  if (typeof id !== "number") return;
  assert.equal(error, undefined, `an error came back: ${error?.message}`);
  answers.get(id)?.(result ?? {});
});

let last = 0;
const send = (body: Record<string, unknown>): void => {
  child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...body })}\n`);
};
const ask = (method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
  last += 1;
  const id = last;
  return new Promise((resolve, reject) => {
    answers.set(id, resolve);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it answered ${method}`)));
    send({ id, method, params });
  });
};

await ask("initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "smoke", version: "1.0.0" },
});
send({ method: "notifications/initialized" });

const { tools } = z.object({ tools: z.array(z.object({ name: z.string() })) }).parse(await ask("tools/list"));
assert.ok(
  tools.some(({ name }) => name === "confirm_plan"),
  "confirm_plan is missing from the tools",
);

const planned = z
  .object({ isError: z.boolean().optional(), structuredContent: z.looseObject({}) })
  .parse(await ask("tools/call", { name: "prep_automated_testing", arguments: { lun: "Gold" } }));
assert.notEqual(planned.isError, true, JSON.stringify(planned.structuredContent));
const { planToken } = z.object({ planToken: z.string() }).parse(planned.structuredContent);

const confirmed = z
  .object({ structuredContent: z.looseObject({ state: z.string() }) })
  .parse(await ask("tools/call", { name: "confirm_plan", arguments: { planToken } }));
assert.equal(confirmed.structuredContent.state, "succeeded");

child.stdin.end();
const [code] = await once(child, "exit");
assert.equal(code, 0, "the server did not end well after its input ended");
console.log(`stdio: ${lines} lines, all JSON-RPC; ${tools.length} tools; a plan made and carried out`);
