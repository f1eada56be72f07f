/**
 * Bundles the program into one file, dist/main.js. `--analyze` prints what is in it.
 *
 * A stdio server starts with every editor window, so a start may neither evaluate nor parse what it does not need:
 * - esbuild keeps modules behind `import()` unevaluated, but hoists their imports of `node:` builtins to the top of the
 *   file. These are loaded on first use instead, which also lets the version check speak on a Node without `node:sqlite`.
 * - Large packages that only a call needs are kept in the file as compressed text, and compiled when they are first
 *   imported. Parsing them took three quarters of the start; even as plain text, reading over them took a tenth of it.
 */
import { appendFileSync, statSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { analyzeMetafile, build } from "esbuild";

const STORED = ["@hono/node-server", "hono", "pino", "rotating-file-stream", "selfsigned", "soap", "undici", "yaml"];

const root = fileURLToPath(new URL("..", import.meta.url));
const builtins = new Set([...builtinModules, "sqlite"]);

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node22",
  charset: "ascii",
  minifySyntax: true,
  minifyWhitespace: true,
  mainFields: ["module", "main"],
  metafile: true,
  logLevel: "warning",
};

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

/**
 * What is used of a package, where that is little of it: of node-soap the WSDL's reader, not its HTTP client and server;
 * of undici the dispatchers (put together as its index.js does), not fetch, WebSocket, caches and mocks.
 */
const USED = {
  soap: 'exports.WSDL = require("soap/lib/wsdl/index.js").WSDL;',
  undici: `
    Object.assign(require("undici/lib/dispatcher/dispatcher.js").prototype, require("undici/lib/api/index.js"));
    exports.Agent = require("undici/lib/dispatcher/agent.js");
    exports.buildConnector = require("undici/lib/core/connect.js");`,
};

/** How undici is told that it is bundled: then it leaves out its second, experimental HTTP parser, an eighth of the program. */
const BUNDLED = { esbuildDetection: "true" };

const withoutSoapsHttp = {
  name: "without-soaps-http",
  setup(context) {
    context.onResolve({ filter: /^\.\.\/http$/ }, ({ importer }) =>
      /[\\/]soap[\\/]lib[\\/]wsdl[\\/]/.test(importer) ? { path: "http", namespace: "left-out" } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "", loader: "js" }));
  },
};

/** zod exports its messages in fifty languages; what is said here is English, which zod takes from a file of its own. */
const withoutLocales = {
  name: "without-locales",
  setup(context) {
    context.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      /[\\/]zod[\\/]/.test(importer) ? { path: "locales", namespace: "left-out-locales" } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace: "left-out-locales" }, () => ({ contents: "export {};", loader: "js" }));
  },
};

const notices = [];

const storedPackages = {
  name: "stored-packages",
  setup(context) {
    const filter = new RegExp(`^(${STORED.join("|")})$`);
    context.onResolve({ filter }, ({ path }) => ({ path, namespace: "stored", sideEffects: false }));
    context.onLoad({ filter: /.*/, namespace: "stored" }, async ({ path }) => {
      const { outputFiles } = await build({
        ...common,
        stdin: { contents: USED[path] ?? `module.exports = require(${JSON.stringify(path)});`, resolveDir: root },
        outfile: "stored.js",
        format: "cjs",
        legalComments: "external",
        plugins: [withoutSoapsHttp],
        define: BUNDLED,
        write: false,
      });
      for (const { path: made, text } of outputFiles)
        if (made.endsWith(".LEGAL.txt")) notices.push(`${path}:\n${text}`);
      const code = outputFiles.find((file) => file.path.endsWith("stored.js")).text;
      const text = brotliCompressSync(code).toString("base64");
      return { contents: `module.exports = __stored(${JSON.stringify(path)}, ${JSON.stringify(text)});`, loader: "js" };
    });
  },
};

const result = await build({
  ...common,
  entryPoints: ["src/main.ts"],
  outfile: "dist/main.js",
  format: "esm",
  legalComments: "linked",
  banner: {
    js: `#!/usr/bin/env node
import { createRequire as __createRequire } from "node:module";
const __builtin = __createRequire(import.meta.url), require = __builtin;
const __stored = (name, text) => {
  const { compileFunction, constants } = __builtin("node:vm");
  const code = __builtin("node:zlib").brotliDecompressSync(Buffer.from(text, "base64")).toString();
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const options = { filename: "atvm_prep/" + name + ".js", importModuleDynamically };
  const module = { exports: {} };
  compileFunction(code, ["module", "exports", "require"], options)(module, module.exports, require);
  return module.exports;
};`,
  },
  plugins: [lazyBuiltins, storedPackages, withoutLocales],
});
await chmod(`${root}dist/main.js`, 0o755);
appendFileSync(`${root}dist/main.js.LEGAL.txt`, notices.map((notice) => `\n${notice}`).join(""));

if (process.argv.includes("--analyze")) {
  console.log(await analyzeMetafile(result.metafile));
}
console.log(`dist/main.js ${Math.round(statSync(`${root}dist/main.js`).size / 1024)} KiB`);
