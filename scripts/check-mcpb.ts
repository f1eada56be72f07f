/** Packs the MCP bundle, unpacks it by the format's own tool, and lets what came out do a whole run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { wholeRun } from "./whole-run.ts";

const folder = mkdtempSync(join(tmpdir(), "atvm-mcpb-"));
try {
  execFileSync(process.execPath, [resolve("scripts/build-mcpb.ts")], { stdio: "inherit" });
  const tool = resolve("node_modules/@anthropic-ai/mcpb/dist/cli/cli.js");
  const words = [tool, "unpack", resolve("build/atvm-prep.mcpb"), folder];
  execFileSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  await wholeRun([process.execPath, join(folder, "dist", "main.js")]);
  console.log("bundle: a whole run");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
