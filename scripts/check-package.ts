/** Packs the project, installs the package into an empty folder, and runs what it installed. */
import { strict as assert } from "node:assert";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };
import { LAB_ARRAYS } from "../src/lab/arrays/kinds.ts";
import { startLabProcess } from "./lab-process.ts";
import { wholeRun } from "./whole-run.ts";

/** The exported contract, run by the package's user against each array that the lab can be. */
async function bothArrays(cwd: string): Promise<void> {
  const script = join(cwd, "contract.mjs");
  writeFileSync(
    script,
    `import { test } from "node:test";
import { readFileSync } from "node:fs";
import { arrayContract, siteTarget } from "atvm-prep/array-kit";
const config = process.argv[2];
const [, gold] = /^ {2}Gold: (.*)$/m.exec(readFileSync(config, "utf8"));
const target = { config, gold, client: "CDS1-ESX165", mayRollBack: true, maySnapshot: true };
for (const { title, run } of arrayContract(() => siteTarget(target))) test(title, (t) => run((why) => t.skip(why)));
`,
  );
  for (const array of LAB_ARRAYS) {
    const lab = await startLabProcess(join(cwd, `${array}.yaml`), ["--array", array, "--scenario", "empty"]);
    try {
      const shown = execFileSync(process.execPath, [script, lab.config], { cwd, encoding: "utf8" });
      assert.match(shown, /^. fail 0$/m);
      console.log(`array-kit on ${array}: ${/pass \d+/.exec(shown)?.[0]}`);
    } finally {
      await lab.stop();
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), "atvm-package-"));
try {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const entry = z.looseObject({ filename: z.string(), files: z.array(z.object({ path: z.string() })) });
  const listed: unknown = JSON.parse(packed);
  // npm 12 answers with an object by package name, older ones with a list.
  const [made] = z.array(entry).parse(Array.isArray(listed) ? listed : Object.values(z.looseObject({}).parse(listed)));
  assert.ok(made, "nothing was packed");
  const files = made.files.map(({ path }) => path);
  for (const needed of ["dist/main.js", "dist/LICENSES.txt"]) {
    assert.ok(files.includes(needed), `${needed} is not in the package`);
  }
  assert.deepEqual(
    files.filter((path) => /^(src|test|scripts)\//.test(path)),
    [],
    "sources are in the package",
  );

  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const install = ["install", "--omit=dev", "--no-audit", "--no-fund", join(folder, made.filename)];
  execFileSync("npm", install, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  // All that the program needs is in its package: installing it brings nothing else, and nothing else matters to it.
  const brought = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
  assert.deepEqual(brought, ["atvm-prep"], "the package brings others with it");
  const program = join(folder, "node_modules", ".bin", "atvm_prep");
  const help = execFileSync(process.execPath, [program, "--help"], { encoding: "utf8" });
  assert.match(help, /--automated_testing/);
  await bothArrays(folder);
  const smoke = resolve("scripts/smoke-stdio.ts");
  execFileSync(process.execPath, [smoke, program], { cwd: folder, stdio: "inherit" });
  const installed = join(folder, "node_modules", "atvm-prep");
  execFileSync(process.execPath, [smoke], { cwd: installed, stdio: "inherit" });
  // The oldest Node that is promised; the checks above run on the one that this is developed on.
  const { engines } = z.object({ engines: z.object({ node: z.string() }) }).parse(manifest);
  const oldest = `${engines.node.replace(">=", "")}.0`;
  const node = ["install", "--no-save", "--no-audit", "--no-fund", `node@${oldest}`];
  execFileSync("npm", node, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const old = join(folder, "node_modules", "node", "bin", "node");
  assert.equal(execFileSync(old, ["--version"], { encoding: "utf8" }).trim(), `v${oldest}`);
  await wholeRun([old, program]);
  // Nobody who works on the program with it is told that something needs a newer one.
  const npm = z.string({ error: "run this by `npm run check:package`" }).parse(process.env["npm_execpath"]);
  const dry = spawnSync(old, [npm, "ci", "--dry-run", "--ignore-scripts"], { encoding: "utf8" });
  assert.equal(dry.status, 0, dry.stderr);
  assert.doesNotMatch(`${dry.stdout}${dry.stderr}`, /EBADENGINE/);
  console.log(`package: ${made.filename}, ${files.length} files`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
