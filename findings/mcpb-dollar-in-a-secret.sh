#!/usr/bin/env bash
# @anthropic-ai/mcpb: a password with "$$" or "$&" reaches the server changed, in the environment but not in an argument.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=@anthropic-ai/mcpb@2.1.2
echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts "$package" >/dev/null

echo "library:   $package (npm), getMcpConfigForManifest on Node $(node -p process.versions.node)"
echo "expected:  what the user typed is put in the place of \${user_config.password} as it is"
echo "behaviour: the typed text is used as the replacement of a regular expression: '\$\$' becomes '\$', '\$&' becomes the"
echo "           placeholder itself. An argument that is the placeholder and nothing else takes another way and stays whole, so"
echo "           the same password is right in args and wrong in env."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { getMcpConfigForManifest } from "@anthropic-ai/mcpb";

const manifest = {
  manifest_version: "0.3",
  name: "storage",
  version: "1.0.0",
  description: "A server that signs in to an array.",
  author: { name: "Example" },
  server: {
    type: "node",
    entry_point: "main.js",
    mcp_config: { command: "node", args: ["main.js", "${user_config.password}"], env: { ARRAY_PASSWORD: "${user_config.password}" } },
  },
  user_config: { password: { type: "string", title: "Password", description: "Of the array", sensitive: true, required: true } },
};
const seen = {};
for (const password of ["correct horse", "pa$$word", "x$&y"]) {
  const config = await getMcpConfigForManifest({ manifest, extensionPath: "/ext", systemDirs: {}, userConfig: { password }, pathSeparator: "/" });
  console.log(`  typed ${password.padEnd(14)} args ${config.args[1].padEnd(14)} env ${config.env.ARRAY_PASSWORD}`);
  assert.equal(config.args[1], password);
  seen[password] = config.env.ARRAY_PASSWORD;
}
assert.deepEqual(seen, { "correct horse": "correct horse", pa$$word: "pa$word", "x$&y": "x${user_config.password}y" }, "the behaviour has changed");
JS
node run.js
