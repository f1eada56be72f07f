#!/usr/bin/env bash
# MCP Inspector's CLI: a string argument that reads as JSON arrives as a number, true or null, whatever the schema says.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The Inspector needs Node 22.19.
echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts \
  @modelcontextprotocol/inspector@2.12.0 "node-linux-$(node -p process.arch)@24.21.0" >/dev/null
node=$(echo node_modules/node-linux-*/bin/node)

echo "library:   @modelcontextprotocol/inspector@2.12.0 (npm), --cli --tool-arg, on Node $("$node" -p process.versions.node)"
echo "expected:  the argument's type in the tool's input schema decides; a value that does not fit is refused"
echo "behaviour: the schema is used for numbers and booleans only, and a misfit is sent as null or false without a word. What"
echo "           the schema calls a string is parsed as JSON: a LUN id of digits with one e becomes a power of ten, a serial"
echo "           of 17 digits loses its last one, quotes vanish; 00123 stays a string."
echo "seen:"

cat > server.js <<'JS'
import { createInterface } from "node:readline";

const properties = { lun: { type: "string" }, count: { type: "integer" }, force: { type: "boolean" } };
const answers = {
  initialize: () => ({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "storage", version: "1" } }),
  "tools/list": () => ({ tools: [{ name: "take", description: "Takes a LUN.", inputSchema: { type: "object", properties } }] }),
  "tools/call": ({ arguments: got }) => ({ content: [{ type: "text", text: `got ${JSON.stringify(got)}` }] }),
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answer = answers[method];
  const rest = answer === undefined ? { error: { code: -32601, message: "Method not found" } } : { result: answer(params) };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...rest })}\n`);
});
JS
changed=0
while IFS='|' read -r given expected; do
  got=$("$node" node_modules/.bin/mcp-inspector --cli "$node" server.js --method tools/call --tool-name take --tool-arg "$given" 2>&1 |
    sed -n 's/.*"text": "got \(.*\)".*/\1/p' | tr -d '\\')
  printf '  %-26s %s\n' "$given" "$got"
  [ "$got" = "$expected" ] || changed=1
done <<'CASES'
lun=6e10|{"lun":60000000000}
lun=10000000000000001|{"lun":10000000000000000}
lun="gold"|{"lun":"gold"}
lun=null|{"lun":null}
lun=00123|{"lun":"00123"}
count=many|{"count":null}
force=yes|{"force":false}
CASES
[ "$changed" = 0 ] || { echo "the behaviour has changed"; exit 1; }
