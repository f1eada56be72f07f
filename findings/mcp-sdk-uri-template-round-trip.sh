#!/usr/bin/env bash
# MCP TypeScript SDK, v1 and v2: a resource template encodes a name on the way out and does not decode it on the way in.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts \
  @modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/server@2.4.0 @modelcontextprotocol/client@2.4.0 zod@4.6.7 >/dev/null

echo "library:   @modelcontextprotocol/sdk@1.32.2 and @modelcontextprotocol/server@2.4.0 (npm), on Node $(node -p process.versions.node)"
echo "expected:  match() undoes expand(): the handler gets the name that the client put in"
echo "behaviour: the handler gets the name percent-encoded, in both generations. {name} also swallows a query and a fragment, and"
echo "           a query form ({?a,b}) matches only when every parameter is there, in the order of the template."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { Client as Client2 } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { UriTemplate } from "@modelcontextprotocol/sdk/shared/uriTemplate.js";
import * as v2 from "@modelcontextprotocol/server";

const form = "lun:///{name}";
const name = "gold 1/2, base";
const uri = new UriTemplate(form).expand({ name });
console.log(`  name ${JSON.stringify(name)}, URI ${uri}`);
for (const [label, Server, Template, ClientOf, Pair] of [
  ["v1", McpServer, ResourceTemplate, Client, InMemoryTransport],
  ["v2", v2.McpServer, v2.ResourceTemplate, Client2, v2.InMemoryTransport],
]) {
  const server = new Server({ name: "storage", version: "1.0.0" });
  let got;
  server.registerResource("lun", new Template(form, { list: undefined }), {}, (at, variables) => {
    got = variables.name;
    return { contents: [{ uri: at.href, text: "" }] };
  });
  const client = new ClientOf({ name: "example", version: "1.0.0" });
  const [near, far] = Pair.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  await client.readResource({ uri });
  console.log(`  ${label}: the handler got ${JSON.stringify(got)}`);
  assert.equal(got, encodeURIComponent(name), "the behaviour has changed");
  await client.close();
  await server.close();
}
for (const T of [UriTemplate, v2.UriTemplate]) {
  assert.deepEqual({ ...new T(form).match("lun:///gold?x=1#top") }, { name: "gold?x=1#top" }, "the behaviour has changed");
  const query = new T("lun:///search{?host,kind}");
  assert.deepEqual({ ...query.match("lun:///search?host=a&kind=b") }, { host: "a", kind: "b" });
  assert.equal(query.match("lun:///search?kind=b&host=a"), null, "the behaviour has changed");
  assert.equal(query.match("lun:///search?host=a"), null, "the behaviour has changed");
}
console.log("  both: {name} of lun:///gold?x=1#top is gold?x=1#top; {?host,kind} matches neither ?kind=b&host=a nor ?host=a");
JS
node run.js
