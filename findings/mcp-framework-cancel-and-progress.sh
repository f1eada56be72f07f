#!/usr/bin/env bash
# mcp-framework: a cancelled call is never told so, and of parallel calls of one tool the latest gets the progress of all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts \
  mcp-framework@0.2.22 @modelcontextprotocol/sdk@1.32.2 zod@3.25.76 >/dev/null

echo "library:   mcp-framework@0.2.22 (npm) on @modelcontextprotocol/sdk 1.32.2, MCPTool, on Node $(node -p process.versions.node)"
echo "expected:  abortSignal and reportProgress() of a running tool belong to the call that it answers, as the SDK hands them over"
echo "behaviour: abortSignal is there and never fires, since the framework's handler of notifications/cancelled replaces the SDK's"
echo "           and looks in a list that nothing is put into. The progress token is kept on the tool, not on the call: the latest"
echo "           call gets the progress of an earlier one, and once it has ended, the earlier one has neither token nor signal."
echo "seen:"

cat > server.js <<'JS'
import { MCPServer, MCPTool } from "mcp-framework";
import { z } from "zod";

const volume = z.string().describe("The volume's name.");
const waiting = new Map();
const erased = new Map();
// Waits until the tool `next` lets this volume go on.
const permission = (name) => new Promise((resolve) => waiting.set(name, resolve));

class Erase extends MCPTool {
  name = "erase";
  description = "Erases the three blocks of a volume.";
  schema = z.object({ volume });
  async execute(input) {
    for (let block = 1; block <= 3; block += 1) {
      await permission(input.volume);
      if (this.abortSignal?.aborted) return "stopped";
      erased.set(input.volume, block);
      await this.reportProgress(block, 3, `${input.volume} ${block}`);
    }
    await permission(input.volume);
    return "erased";
  }
}

class Next extends MCPTool {
  name = "next";
  description = "Lets a volume go on once it waits, and says how many of its blocks were erased by then.";
  schema = z.object({ volume });
  async execute(input) {
    while (!waiting.has(input.volume)) await new Promise((resolve) => setImmediate(resolve));
    const release = waiting.get(input.volume);
    waiting.delete(input.volume);
    release();
    return erased.get(input.volume) ?? 0;
  }
}

const server = new MCPServer({ name: "storage", version: "1.0.0" });
server.addTool(Erase);
server.addTool(Next);
await server.start();
JS

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const client = new Client({ name: "example", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command: process.execPath, args: ["server.js"], stderr: "ignore" }));

const progress = { gold: [], scratch: [], old: [] };
function erase(volume, signal) {
  const onprogress = ({ message }) => progress[volume].push(message);
  return client.callTool({ name: "erase", arguments: { volume } }, undefined, { signal, onprogress });
}
async function next(volume) {
  const { content } = await client.callTool({ name: "next", arguments: { volume } });
  return content[0].text;
}

const gold = erase("gold");
const scratch = erase("scratch");
await next("gold");
for (let times = 1; times <= 4; times += 1) await next("scratch");
await scratch;
for (let times = 2; times <= 4; times += 1) await next("gold");
await gold;
for (const volume of ["gold", "scratch"]) {
  console.log(`  call for ${volume}: progress ${progress[volume].join(", ") || "none"}`);
}

const cancel = new AbortController();
const old = erase("old", cancel.signal).then(() => "answered", () => "cancelled");
await next("old");
cancel.abort("not that one");
const state = await old;
let blocks;
for (let times = 2; times <= 4; times += 1) blocks = await next("old");
console.log(`  call for old: ${state} after block 1, blocks erased ${blocks}`);
await client.close();

const changed = "the behaviour has changed";
assert.deepEqual(progress.gold, [], changed);
assert.deepEqual(progress.scratch, ["gold 1", "scratch 1", "scratch 2", "scratch 3"], changed);
assert.deepEqual([state, blocks], ["cancelled", "3"], changed);
JS
node run.js
