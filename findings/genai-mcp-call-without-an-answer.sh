#!/usr/bin/env bash
# @google/genai: of parallel calls to MCP tools, one to a tool that is not there gets no answer, and no answer has its call's id.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts @google/genai@3.3.0 @modelcontextprotocol/sdk@1.32.2 >/dev/null

echo "library:   @google/genai@3.3.0 (npm), mcpToTool, on Node $(node -p process.versions.node)"
echo "expected:  one answer for each call of the model, with the call's id, an error for a tool that is not there"
echo "behaviour: a call whose name no server has is left out of the answers, and ids are dropped: three calls give two answers that"
echo "           only their order tells apart, where the API wants an answer to each."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { mcpToTool } from "@google/genai";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

const server = new McpServer({ name: "storage", version: "1.0.0" });
let calls = 0;
server.registerTool("state", { description: "State of the LUN." }, () => {
  calls += 1;
  return { content: [{ type: "text", text: `answer ${calls}` }] };
});
const client = new Client({ name: "example", version: "1.0.0" });
const [near, far] = InMemoryTransport.createLinkedPair();
await Promise.all([server.connect(far), client.connect(near)]);

const tool = mcpToTool(client);
await tool.tool();
const parts = await tool.callTool([
  { id: "call-1", name: "state", args: {} },
  { id: "call-2", name: "status", args: {} },
  { id: "call-3", name: "state", args: {} },
]);
for (const { functionResponse } of parts) {
  console.log(`  id ${functionResponse.id}, name ${functionResponse.name}, ${functionResponse.response.content[0].text}`);
}
console.log(`  calls 3, answers ${parts.length}`);
assert.deepEqual(parts.map(({ functionResponse }) => [functionResponse.id, functionResponse.name]), [[undefined, "state"], [undefined, "state"]], "the behaviour has changed");
await client.close();
JS
node run.js
