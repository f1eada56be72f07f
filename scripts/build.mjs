/**
 * Bundles the program and what it uses of its dependencies into dist/, entry dist/main.js; `--analyze` prints what is in
 * it. What stands behind an `import()` becomes a file of its own, which a start reads only when it needs it.
 */
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { analyzeMetafile, build } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

await rm(dist, { recursive: true, force: true });
const options = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22",
  mainFields: ["module", "main"],
  // Names stay: the stack traces in the log can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  // Packages in CommonJS call `require` for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  metafile: true,
  logLevel: "warning",
};
const { metafile } = await build({ ...options, entryPoints: ["src/main.ts"], outdir: dist, splitting: true });
// By itself: what it shares with the program would otherwise be files that each start has to read.
await build({ ...options, entryPoints: ["src/systems/array-kit.ts"], outfile: join(dist, "array-kit.js") });
await chmod(join(dist, "main.js"), 0o755);
await dropUnusedRequire();
await writeFile(join(dist, "LICENSES.txt"), await licences(Object.keys(metafile.inputs)));

if (process.argv.includes("--analyze")) console.log(await analyzeMetafile(metafile));
const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes);
console.log(`dist: ${sizes.length} files, ${Math.round(sizes.reduce((sum, bytes) => sum + bytes, 0) / 1024)} KiB`);

/** Most files have no package in CommonJS in them: a `require` each would cost a start 2 % (295 instead of 301 ms, medians of 25). */
async function dropUnusedRequire() {
  for (const name of (await readdir(dist)).filter((file) => file.endsWith(".js"))) {
    const text = await readFile(join(dist, name), "utf8");
    const rest = text.replace(`${options.banner.js}\n`, "");
    if (!/\brequire\b/.test(rest)) await writeFile(join(dist, name), rest);
  }
}

/** Of each package that one of these files is from: name, version and the licence's text, which a few have in their README only. */
async function licences(files) {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []));
  const notices = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const names = await readdir(join(root, folder));
    const own = names.filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    const files = own.length > 0 ? own : names.filter((file) => /^readme/i.test(file));
    const texts = await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")));
    return [`${name} ${version} (${license?.type ?? license})`, ...texts].join("\n\n");
  });
  return `${(await Promise.all(notices)).join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
