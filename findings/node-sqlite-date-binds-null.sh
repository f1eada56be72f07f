#!/usr/bin/env bash
# node:sqlite: a Date (or a Map) as the first value of a statement is taken for named parameters, and NULL is bound.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts "node-linux-$(node -p process.arch)@24.21.0" >/dev/null
node=$(echo node_modules/node-linux-*/bin/node)

echo "library:   node:sqlite of Node $("$node" -p process.versions.node), SQLite $("$node" -p process.versions.sqlite)"
echo "expected:  a value that SQLite has no type for is refused, wherever it stands"
echo "behaviour: any object in the first place is a set of named parameters. A Date or a Map has no entries of its own, and a"
echo "           statement does not ask for every parameter, so '?' becomes NULL and the call succeeds: DELETE ... WHERE at = ?"
echo "           deletes nothing, at IS ? deletes the rows without a time. In the second place the same Date is refused."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(":memory:");
db.exec("CREATE TABLE plan (name TEXT, expires TEXT); INSERT INTO plan VALUES ('open', NULL), ('old', '2026-01-01T00:00:00.000Z')");
const date = new Date("2026-01-01T00:00:00Z");
const first = db.prepare("SELECT ? AS bound").get(date).bound;
console.log(`  get(date):                bound ${first}`);
console.log(`  get(new Map([["a", 1]])): bound ${db.prepare("SELECT ? AS bound").get(new Map([["a", 1]])).bound}`);
let refusal;
try {
  db.prepare("SELECT ? AS a, ? AS b").get("x", date);
} catch (error) {
  refusal = error.code;
}
console.log(`  get("x", date):           ${refusal}`);
const gone = db.prepare("DELETE FROM plan WHERE expires IS ? RETURNING name").all(date).map((row) => row.name);
console.log(`  DELETE ... WHERE expires IS ? with the date of 'old': deleted ${JSON.stringify(gone)}`);
const short = db.prepare("SELECT ? AS a, ? AS b").get("x");
console.log(`  two parameters, one value: ${JSON.stringify(short)}`);
assert.equal(first, null, "the behaviour has changed");
assert.equal(refusal, "ERR_INVALID_ARG_TYPE", "the behaviour has changed");
assert.deepEqual(gone, ["open"], "the behaviour has changed");
assert.deepEqual({ ...short }, { a: "x", b: null }, "the behaviour has changed");
JS
"$node" --no-warnings run.js
