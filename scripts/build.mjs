/**
 * Bundles the program into one file, dist/main.js. `--analyze` prints what is in it and what a start evaluates.
 *
 * A stdio server starts with every editor window, so nothing may be evaluated before it is needed. esbuild keeps
 * modules behind `import()` unevaluated, but hoists their imports of `node:` builtins to the top of the file: these are
 * loaded on first use instead, which also lets the version check speak on a Node that lacks `node:sqlite`.
 */
import { statSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { analyzeMetafile, build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const builtins = new Set([...builtinModules, "sqlite", "test", "sea"]);

const lazyBuiltins = {
  name: "lazy-builtins",
  setup(context) {
    context.onResolve({ filter: /^[a-z_]+/ }, ({ path }) => {
      const bare = path.replace(/^node:/, "");
      if (!path.startsWith("node:") && !builtins.has(bare)) return undefined;
      return { path: `node:${bare}`, namespace: "builtin", sideEffects: false };
    });
    context.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = __builtin(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

const result = await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: "dist/main.js",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22",
  charset: "ascii",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  mainFields: ["module", "main"],
  banner: {
    js: [
      "#!/usr/bin/env node",
      'import { createRequire as __createRequire } from "node:module";',
      "const __builtin = __createRequire(import.meta.url), require = __builtin;",
    ].join("\n"),
  },
  plugins: [lazyBuiltins],
  metafile: true,
  logLevel: "warning",
});
await chmod(`${root}dist/main.js`, 0o755);

if (process.argv.includes("--analyze")) {
  console.log(await analyzeMetafile(result.metafile, { verbose: false }));
}
console.log(`dist/main.js ${Math.round(statSync(`${root}dist/main.js`).size / 1024)} KiB`);
