#!/usr/bin/env node
/**
 * The only entry. It imports nothing itself, so that on a Node that is too old the check below is what answers, and not
 * a failed import of something that Node does not have.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 20)) {
  void startOnOwnNode();
} else {
  // On Node 22, node:sqlite announces itself as experimental on every start. What is used of it is stable since.
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).startsWith("SQLite is an experimental feature")) return;
    Reflect.apply(emit, process, [warning, ...rest]);
  };
  void start();
}

async function start(): Promise<void> {
  const { cacheCompiledCode } = await import("./platform/compile-cache.ts");
  cacheCompiledCode(process.env);
  const [{ runCli }, { processIo }] = await Promise.all([import("./cli/cli.ts"), import("./cli/terminal/io.ts")]);
  process.exitCode = await runCli(process.argv.slice(2), processIo());
}

/** A checkout brings a Node of its own, so that it works on a machine whose Node is older; a package does not. */
async function startOnOwnNode(): Promise<void> {
  const [{ spawn }, { existsSync }, { fileURLToPath }] = await Promise.all([
    import("node:child_process"),
    import("node:fs"),
    import("node:url"),
  ]);
  const own = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(own)) {
    process.stderr.write(`atvm_prep needs Node 22.20 or newer, and this is Node ${process.versions.node}.\n`);
    process.exitCode = 1;
    return;
  }
  const child = spawn(own, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

export {};
