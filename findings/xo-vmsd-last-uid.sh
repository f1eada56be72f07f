#!/usr/bin/env bash
# Xen Orchestra's VMSD parser: lastUID is not the file's lastUID.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=@xen-orchestra/vmware-explorer@0.15.0
# The parsers need no dependency, so the packed folder is enough.
tar xzf "$(npm pack --silent "$package")"

echo "library:   $package (npm)"
echo "expected:  lastUID is snapshot.lastUID of the file; a file with snapshots but no current one still lists them"
echo "behaviour: lastUID is a copy of snapshot.current, so after a revert the highest id that was ever given is lost. Without a"
echo "           line snapshot.current the whole file reads as undefined, though it names snapshots."
echo "seen:"

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import parseVmsd from "./package/parsers/vmsd.mjs";

const snapshots = [
  'snapshot0.uid = "1"',
  'snapshot0.displayName = "before the test"',
  'snapshot1.uid = "4"',
  'snapshot1.parent = "1"',
  'snapshot1.displayName = "after the test"',
  'snapshot.numSnapshots = "2"',
];
const reverted = parseVmsd(['snapshot.lastUID = "4"', 'snapshot.current = "1"', ...snapshots].join("\n"));
console.log(`  file: lastUID 4, current 1, snapshots 1 and 4 -> lastUID ${reverted.lastUID}, current ${reverted.current}`);
const without = parseVmsd(['snapshot.lastUID = "4"', ...snapshots].join("\n"));
console.log(`  the same without the line snapshot.current   -> ${without}`);
assert.equal(reverted.lastUID, "1", "the behaviour has changed");
assert.equal(reverted.snapshots.length, 2);
assert.equal(without, undefined, "the behaviour has changed");
JS
node run.mjs
