#!/usr/bin/env bash
# @mastra/mcp: the words of an error decide whether the server is ended, started anew and the tool called a second time.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Mastra needs Node 22.13.
echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts \
  @mastra/mcp@2.0.0 @mastra/core@1.71.0 "node-linux-$(node -p process.arch)@24.21.0" >/dev/null
node=$(echo node_modules/node-linux-*/bin/node)

echo "library:   @mastra/mcp@2.0.0 (npm) with @mastra/core 1.71.0, MCPClient, on Node $("$node" -p process.versions.node)"
echo "expected:  a JSON-RPC error is the server's answer: the call is over and its error is thrown; at most a broken connection is"
echo "           tried again, and not for a tool that says idempotentHint: false"
echo "behaviour: a JSON-RPC error whose message has \"not connected\", \"connection refused\", \"ECONNREFUSED\", \"HTTP 404\" or the like"
echo "           in it, about whatever, counts as a lost connection. The server, well and answering, is ended and started anew, the"
echo "           tool is called again with the same arguments, and what that call says is the result: of the first nothing is left."
echo "seen:"

cat > server.js <<'JS'
import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [log, message] = process.argv.slice(2);
const tool = {
  name: "delete_volume",
  description: "Deletes the volume of a plan.",
  inputSchema: { type: "object", properties: { planToken: { type: "string" } }, required: ["planToken"] },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
};
function call(token) {
  appendFileSync(log, `${process.pid} ${token}\n`);
  const number = readFileSync(log, "utf8").trim().split("\n").length;
  if (number === 1) return { error: { code: -32603, message } };
  return { result: { content: [{ type: "text", text: `deleted by call ${number}` }] } };
}
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  let answer = { error: { code: -32601, message: "Method not found" } };
  if (method === "initialize") {
    answer = { result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "storage", version: "1" } } };
  }
  if (method === "tools/list") answer = { result: { tools: [tool] } };
  if (method === "tools/call") answer = call(params.arguments.planToken);
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...answer })}\n`);
});
JS

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { MCPClient } from "@mastra/mcp";

async function outcome(name, message) {
  const log = `${name}.log`;
  const client = new MCPClient({ id: name, servers: { storage: { command: process.execPath, args: ["server.js", log, message] } } });
  const { storage_delete_volume: tool } = await client.listTools();
  const end = await tool.execute({ planToken: `pt_${name}` }, {}).then(
    (result) => `result "${result.content[0].text}"`,
    (error) => `error "${error.message}"`,
  );
  await client.disconnect();
  const calls = readFileSync(log, "utf8").trim().split("\n").map((line) => line.split(" "));
  assert.ok(calls.every(([, token]) => token === `pt_${name}`));
  const line = `calls ${calls.length}, servers ${new Set(calls.map(([pid]) => pid)).size}, ${end}`;
  process.stdout.write(`  ${message.padEnd(52)} ${line}\n`);
  return line;
}

const deleted = 'calls 2, servers 2, result "deleted by call 2"';
const messages = [
  ["a", "host esx-02 is disconnected", 'calls 1, servers 1, error "host esx-02 is disconnected"'],
  ["b", "host esx-02 is not connected", deleted],
  ["c", "snapshot gone, array: connect ECONNREFUSED 192.0.2.5", deleted],
  ["d", "the array said HTTP 404 to the last step", deleted],
];
for (const [name, message, expected] of messages) {
  assert.equal(await outcome(name, message), expected, "the behaviour has changed");
}
JS
"$node" run.js 2>errors.txt || { cat errors.txt; exit 1; }
