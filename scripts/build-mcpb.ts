/**
 * Packs the program as an MCP bundle, build/atvm-prep.mcpb, which a desktop client installs with one click. The client asks
 * for what `user_config` names; what is marked sensitive goes to the server's environment only.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { TOOLS } from "../src/tools/catalog.ts";

/** The format's own tool; it ends with 1 for what it finds wrong. */
const mcpb = (...words: string[]): void => {
  execFileSync(process.execPath, ["node_modules/@anthropic-ai/mcpb/dist/cli/cli.js", ...words], { stdio: "inherit" });
};

const secret = (title: string, description: string): object => ({
  type: "string",
  title,
  description,
  sensitive: true,
  required: false,
});

const folder = await mkdtemp(join(tmpdir(), "atvm-mcpb-"));
try {
  const file = join(folder, "manifest.json");
  const content = {
    manifest_version: "0.3",
    name: manifest.name,
    display_name: "atvm-prep",
    version: manifest.version,
    description: manifest.description,
    author: { name: "atvm-prep contributors" },
    license: manifest.license,
    server: {
      type: "node",
      entry_point: "dist/main.js",
      mcp_config: {
        command: "node",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills these in.
        args: ["${__dirname}/dist/main.js", "serve", "--config", "${user_config.config}"],
        env: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills this in.
          ATVM_ARRAY_PASSWORD: "${user_config.array_password}",
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills this in.
          ATVM_VCENTER_PASSWORD: "${user_config.vcenter_password}",
        },
      },
    },
    tools: TOOLS.map(({ name, title }) => ({ name, description: title })),
    compatibility: { platforms: ["darwin", "linux", "win32"], runtimes: { node: manifest.engines.node } },
    user_config: {
      config: {
        type: "file",
        title: "Configuration",
        description: "The atvm.config.yaml of your site; atvm_prep init writes one",
        required: true,
      },
      array_password: secret(
        "Array password",
        "For a configuration that says {env: ATVM_ARRAY_PASSWORD}; leave it empty where a file holds it",
      ),
      vcenter_password: secret(
        "vCenter password",
        "For a configuration that says {env: ATVM_VCENTER_PASSWORD}; leave it empty where a file holds it",
      ),
    },
  };
  await writeFile(file, JSON.stringify(content, undefined, 2));
  mcpb("validate", file);
  await cp("dist", join(folder, "dist"), { recursive: true });
  for (const name of ["LICENSE", "README.md"]) await cp(name, join(folder, name));
  await mkdir("build", { recursive: true });
  const output = resolve("build", "atvm-prep.mcpb");
  mcpb("pack", folder, output);
  console.log(output);
} finally {
  await rm(folder, { recursive: true, force: true });
}
