#!/usr/bin/env bash
# prom-client: buckets that are not in ascending order are accepted, and count what does not belong in them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts prom-client@15.1.3 >/dev/null

echo "library:   prom-client@15.1.3 (npm) on Node $(node -p process.versions.node)"
echo "expected:  buckets are sorted, or a wrong order is an error, as in Prometheus's own client libraries"
echo "behaviour: an observation goes into the first bucket of the list that is large enough, and the counts are summed in the order"
echo "           of the list: a wait of 0.7 s is reported as not longer than 0.5 s. No error, and promtool finds nothing."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import client from "prom-client";

const counts = async (buckets) => {
  const register = new client.Registry();
  const wait = new client.Histogram({ name: "wait_seconds", help: "How long a run waited.", buckets, registers: [register] });
  wait.observe(0.7);
  const text = await register.metrics();
  return Object.fromEntries([...text.matchAll(/le="([^"]+)"} (\d+)/g)].map(([, le, n]) => [le, Number(n)]));
};
const right = await counts([0.5, 1, 5]);
const wrong = await counts([1, 5, 0.5]);
console.log(`  one wait of 0.7 s, buckets 0.5, 1, 5: ${JSON.stringify(right)}`);
console.log(`  one wait of 0.7 s, buckets 1, 5, 0.5: ${JSON.stringify(wrong)}`);
assert.equal(right["0.5"], 0);
assert.equal(wrong["0.5"], 1, "the behaviour has changed");
JS
node run.js
