/** Builds the single executable and lets it do a whole run, its detached runner among it. */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { VERSION } from "../src/platform/version.ts";
import { wholeRun } from "./whole-run.ts";

execFileSync(process.execPath, [resolve("scripts/build-executable.mjs")], { stdio: "inherit" });
const executable = resolve("build", process.platform === "win32" ? "atvm_prep.exe" : "atvm_prep");
assert.equal(execFileSync(executable, ["--version"], { encoding: "utf8" }).trim(), VERSION);
await wholeRun([executable]);
console.log("executable: a whole run");
