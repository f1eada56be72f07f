#!/usr/bin/env bash
# node:sqlite: prepare() takes the first statement of a text and drops what follows it unread.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts "node-linux-$(node -p process.arch)@24.21.0"
node=$(echo node_modules/node-linux-*/bin/node)

echo "library:   node:sqlite of Node $("$node" -p process.versions.node), SQLite $("$node" -p process.versions.sqlite)"
echo "expected:  prepare() refuses a text of two statements, as other SQLite bindings do, or runs both"
echo "behaviour: the second statement is never run and never parsed: a migration in two statements does its first half, and"
echo "           even a syntax error behind the semicolon passes."
echo "seen:"

cat > run.js <<'JS'
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(":memory:");
db.exec("CREATE TABLE run (id INTEGER); CREATE TABLE audit (id INTEGER)");
const result = db.prepare("INSERT INTO run VALUES (1); INSERT INTO audit VALUES (1)").run();
const count = (table) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get().n;
console.log(`  INSERT INTO run ...; INSERT INTO audit ...  changes ${result.changes}, rows in run ${count("run")}, in audit ${count("audit")}`);
const row = db.prepare("SELECT 1 AS ok; this is not SQL").get();
console.log(`  SELECT 1 AS ok; this is not SQL             ${JSON.stringify(row)}`);
assert.deepEqual([result.changes, count("run"), count("audit"), row.ok], [1, 1, 0, 1], "the behaviour has changed");
JS
"$node" --no-warnings run.js
