#!/usr/bin/env bash
# @anthropic-ai/mcpb: a required setting with a default, left as it is, means that there is no server at all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=@anthropic-ai/mcpb@2.1.2
echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts "$package" >/dev/null

echo "library:   $package (npm), getMcpConfigForManifest on Node $(node -p process.versions.node)"
echo "expected:  a default is a value: a required setting that has one is never missing"
echo "behaviour: what is required is looked for among the user's values only, before defaults are filled in. The result is undefined,"
echo "           without an error. The same setting with required: false gets its default; 'mcpb validate' passes both."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { getMcpConfigForManifest } from "@anthropic-ai/mcpb";

const manifest = (required) => ({
  manifest_version: "0.3",
  name: "storage",
  version: "1.0.0",
  description: "A server with one setting.",
  author: { name: "Example" },
  server: { type: "node", entry_point: "main.js", mcp_config: { command: "node", args: ["main.js", "--site", "${user_config.site}"], env: {} } },
  user_config: { site: { type: "string", title: "Site", description: "Which lab", default: "north", required } },
});
const config = (required, userConfig) =>
  getMcpConfigForManifest({ manifest: manifest(required), extensionPath: "/ext", systemDirs: {}, userConfig, pathSeparator: "/" });

const seen = [];
for (const [required, typed] of [[false, {}], [true, {}], [true, { site: "north" }]]) {
  const args = (await config(required, typed))?.args;
  console.log(`  required ${String(required).padEnd(5)} default north, typed ${JSON.stringify(typed).padEnd(18)} args ${JSON.stringify(args)}`);
  seen.push(args);
}
mkdirSync("bundle");
writeFileSync("bundle/manifest.json", JSON.stringify(manifest(true)));
const verdict = execFileSync(process.execPath, ["node_modules/.bin/mcpb", "validate", "bundle"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
console.log(`  mcpb validate: ${verdict}`);
const filled = ["main.js", "--site", "north"];
assert.deepEqual(seen, [filled, undefined, filled], "the behaviour has changed");
assert.match(verdict, /passes/, "the behaviour has changed");
JS
node run.js
