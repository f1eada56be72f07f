/**
 * Preloaded into a process (`node --import`), appends to the file that ATVM_FS_WATCH names each path that the process
 * opens by `fs` while a connection of its own to it is open: closing it would drop SQLite's locks there.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

const { appendFileSync } = fs;
const { ATVM_FS_WATCH: report = "" } = process.env;
/** What is open, as often as it is. */
const open = new Map();

const pathOf = (place) =>
  place instanceof URL || String(place).startsWith("file:") ? fileURLToPath(place) : String(place);
const count = (path, by) => open.set(path, (open.get(path) ?? 0) + by);
const note = (call, place) => {
  if (typeof place === "number") return;
  const path = pathOf(place);
  const database = path.replace(/-(?:wal|shm|journal)$/, "");
  if ((open.get(database) ?? 0) > 0) appendFileSync(report, `${call} ${path}\n`);
};

// `syncBuiltinESMExports` passes over node:sqlite (Node 24.21), so the class stays and its methods are followed: a
// connection counts from its first statement, which ours has right after its opening.
const { exec, close } = DatabaseSync.prototype;
const known = new Map();
DatabaseSync.prototype.exec = function (sql) {
  if (!known.has(this)) {
    const path = this.location();
    known.set(this, path);
    count(path, 1);
    appendFileSync(`${report}.opened`, `${path}\n`);
  }
  return exec.call(this, sql);
};
DatabaseSync.prototype.close = function () {
  count(known.get(this), -1);
  close.call(this);
};

const OPENING =
  /^(?:open|openAsBlob|readFile|writeFile|appendFile|copyFile|cp|truncate|createReadStream|createWriteStream)(?:Sync)?$/;
for (const [module, prefix] of [
  [fs, "fs."],
  [fs.promises, "fs.promises."],
]) {
  for (const name of Object.keys(module).filter((key) => OPENING.test(key))) {
    const original = module[name];
    module[name] = function (...args) {
      note(`${prefix}${name}`, args[0]);
      return original.apply(this, args);
    };
  }
}
syncBuiltinESMExports();
