#!/usr/bin/env bash
# @anthropic-ai/mcpb: an optional setting that is left blank reaches the server as the text ${user_config.NAME}.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=@anthropic-ai/mcpb@2.1.2
echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts "$package" >/dev/null

echo "library:   $package (npm), getMcpConfigForManifest on Node $(node -p process.versions.node)"
echo "expected:  an optional setting without a value gives an empty text, or its argument is left out"
echo "behaviour: without a value, the placeholder itself is handed to the server; with an empty text, the same in args, but an"
echo "           empty text in env; a default of \"\" does not help. With an empty list the argument is gone, so its flag takes the"
echo "           next word, and env has the placeholder again (with a warning on the console)."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { getMcpConfigForManifest } from "@anthropic-ai/mcpb";

const manifest = (type, more) => ({
  manifest_version: "0.3",
  name: "storage",
  version: "1.0.0",
  description: "A server with one optional setting.",
  author: { name: "Example" },
  server: {
    type: "node",
    entry_point: "main.js",
    mcp_config: { command: "node", args: ["--limit", "${user_config.limit}", "--verbose"], env: { LIMIT: "${user_config.limit}" } },
  },
  user_config: { limit: { type, title: "Limit", description: "Optional", required: false, ...more } },
});
const cases = [
  ["no value", "string", {}, {}],
  ["empty text", "string", {}, { limit: "" }],
  ['default ""', "string", { default: "" }, {}],
  ["empty list", "directory", { multiple: true }, { limit: [] }],
];
const seen = [];
for (const [name, type, more, userConfig] of cases) {
  const config = await getMcpConfigForManifest({ manifest: manifest(type, more), extensionPath: "/ext", systemDirs: {}, userConfig, pathSeparator: "/" });
  console.log(`  ${name.padEnd(12)} args ${JSON.stringify(config.args).padEnd(50)} env ${JSON.stringify(config.env.LIMIT)}`);
  seen.push([config.args.slice(1, -1), config.env.LIMIT]);
}
const text = "${user_config.limit}";
assert.deepEqual(seen, [[[text], text], [[text], ""], [[text], ""], [[], text]], "the behaviour has changed");
JS
node run.js 2>/dev/null
