#!/usr/bin/env bash
# glossy: an RFC 5424 message with structured data loses its text up to the last "]" in it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts glossy@0.1.7 >/dev/null

echo "library:   glossy@0.1.7 (npm), a syslog parser and producer, on Node $(node -p process.versions.node)"
echo "expected:  the text begins after the structured data, whatever it contains; what it produces, it can read"
echo "behaviour: structured data are taken to end at the last ']' of the line. A text that names a datastore path, '[gold] vm.vmx',"
echo "           loses everything before the path, silently; one that ends with ']' is empty. Without structured data it is whole."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import glossy from "glossy";

const producer = new glossy.Produce({ type: "RFC5424" });
const read = (message, structuredData) => {
  const line = producer.produce({ facility: "local0", severity: "notice", host: "h", appName: "prep", message, structuredData });
  let text;
  let data;
  glossy.Parse.parse(line, (parsed) => {
    text = parsed.message;
    data = JSON.stringify(parsed.structuredData);
  });
  console.log(`  sent ${JSON.stringify(message).padEnd(34)} ${structuredData ? "with data   " : "without data"} read ${JSON.stringify(text)}`);
  return { text, data };
};
const data = { "audit@32473": { seq: "7" } };
const plain = read("run finished", data);
const path = read("registered [gold] vm/vm.vmx on h1", data);
const end = read("registered vm on [gold]", data);
const bare = read("registered [gold] vm/vm.vmx on h1", undefined);
assert.equal(plain.text, "run finished");
assert.equal(path.text, "vm/vm.vmx on h1", "the behaviour has changed");
assert.equal(end.text, "", "the behaviour has changed");
assert.equal(bare.text, "registered [gold] vm/vm.vmx on h1");
for (const seen of [plain, path, end]) assert.equal(seen.data, JSON.stringify(data));
JS
node run.js
