/**
 * Builds the program into one executable file, build/atvm_prep, by Node's own way (single executable applications): the
 * whole bundle as one CommonJS file in a copy of the Node that the `node` package brings. For controllers without Node.
 */
import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { inject } from "postject";

const root = join(import.meta.dirname, "..");
const out = join(root, "build");
const script = join(out, "main.cjs");
const blob = join(out, "main.blob");
const executable = join(out, process.platform === "win32" ? "atvm_prep.exe" : "atvm_prep");

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: script,
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node24",
  mainFields: ["module", "main"],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // Where a checkout would have a Node of its own; an executable brings one in itself.
  logOverride: { "empty-import-meta": "silent" },
  logLevel: "warning",
});
const settings = join(out, "sea.json");
await writeFile(
  settings,
  JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true }),
);
execFileSync(process.execPath, ["--experimental-sea-config", settings], { stdio: ["ignore", "ignore", "inherit"] });
await copyFile(process.execPath, executable);
await inject(executable, "NODE_SEA_BLOB", await readFile(blob), {
  sentinelFuse: "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2",
  ...(process.platform === "darwin" ? { machoSegmentName: "NODE_SEA" } : {}),
});
await chmod(executable, 0o755);
for (const part of [script, blob, settings]) await rm(part);
console.log(executable);
