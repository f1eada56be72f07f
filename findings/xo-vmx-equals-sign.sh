#!/usr/bin/env bash
# Xen Orchestra's VMX parser: a value that contains " = " is cut there, and loses one character more.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=@xen-orchestra/vmware-explorer@0.15.0
# The parsers need no dependency, so the packed folder is enough.
tar xzf "$(npm pack --silent "$package")"

echo "library:   $package (npm)"
echo "expected:  a VMX value is what stands between the quotes"
echo "behaviour: the line is split at every ' = ' and the second piece is taken, less its first and last character. A VM"
echo "           called 'gold = base' becomes 'gol'. A file with CRLF line ends keeps a quote at the end of each value."
echo "seen:"

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import parseVmx from "./package/parsers/vmx.mjs";

const file = ['displayName = "gold = base"', 'guestOS = "ubuntu-64"', 'annotation = "restore = yes, delete = no"'];
const unix = parseVmx(file.join("\n"));
const dos = parseVmx(file.join("\r\n"));
for (const line of file) {
  const key = line.split(" ")[0];
  console.log(`  ${line.padEnd(44)} ${JSON.stringify(unix[key])}, with CRLF ${JSON.stringify(dos[key])}`);
}
assert.deepEqual({ ...unix }, { displayName: "gol", annotation: "restor", guestOS: "ubuntu-64" }, "the behaviour has changed");
assert.equal(dos.guestOS, 'ubuntu-64"', "the behaviour has changed");
JS
node run.mjs
