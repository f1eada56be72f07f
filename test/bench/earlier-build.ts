/** An earlier commit of this repository, built in a folder of its own. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type Build, finish } from "./processes.ts";

/** Clones the repository at `commit` into `dir`, installs what its lock file names and builds it. */
export function earlierBuild(commit: string, dir: string): Build {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  const name = git("rev-parse", "--short", "--verify", `${commit}^{commit}`);
  const root = join(dir, name);
  git("clone", "--quiet", "--shared", "--no-checkout", ".", root);
  git("-C", root, "checkout", "--quiet", "--detach", name);
  const npm = (...args: string[]): unknown =>
    execFileSync("npm", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  npm("ci", "--ignore-scripts", "--no-audit", "--no-fund");
  // The Node and the esbuild that its lock file names are put in place by scripts of theirs.
  npm("rebuild", "node", "esbuild");
  npm("run", "build");
  return { name: `build ${name}`, main: join(root, "dist", "main.js") };
}

const jsonSchema = z.object({ properties: z.record(z.string(), z.unknown()) });
const anyConfig = z.record(z.string(), z.unknown());
/** The array under the name that it had when there was one kind. */
const asDgs = z.object({ url: z.unknown(), username: z.unknown(), password: z.unknown(), tls: z.unknown() });

/** The lab's configuration for one build: a folder of its own for store, audit heads and log, and no key that this build does not know. */
export async function configFor({ name, main }: Build, labConfig: string): Promise<string> {
  const schema = await finish(process.execPath, [main, "config", "schema"]);
  const { properties } = jsonSchema.parse(JSON.parse(schema.stdout));
  const own = await mkdtemp(`${labConfig.replace(/\.yaml$/, "")}-${name.replaceAll(/\W/g, "-")}-`);
  const whole = anyConfig.parse(parse(await readFile(labConfig, "utf8")));
  const known = Object.entries(whole).flatMap(([key, value]) => {
    if (Object.hasOwn(properties, key)) return [[key, value]];
    return key === "array" ? [["dgs", asDgs.parse(value)]] : [];
  });
  const config = {
    ...Object.fromEntries(known),
    store: { sqlite: join(own, "store.sqlite") },
    log: { dir: join(own, "log") },
  };
  const file = join(own, "config.yaml");
  await writeFile(file, stringify(config, { aliasDuplicateObjects: false }), { mode: 0o600 });
  return file;
}
