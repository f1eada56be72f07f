/** What the registries and clients read of a release says the same as package.json, and is what they take. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { VERSION } from "../../src/platform/version.ts";

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

/*
 * The rules of the MCP Registry's server.json of 2025-12-11, and of its publisher, for the members that ours has. The
 * registry's schema lets other members pass, a misspelt one too; here they are refused, so whoever adds one states its
 * rule. `mcp-publisher validate` itself runs in the release workflow: it asks the registry, and so runs only where that
 * is reached. On 2026-11-29 the registry's code for it (its main branch of 2026, built with Go 1.26.10 and jsonschema
 * 5.3.1) was run by hand: it takes this server.json, and of 36 broken ones it took six that are refused here. It takes
 * any x in a version for a range's, that of `0.2.0-next.1` too.
 */
const exactVersion = z
  .string()
  .max(255)
  .regex(/^\d+\.\d+\.\d+(-[0-9A-WYZa-wyz.-]+)?$/);
const input = {
  description: z.string().optional(),
  format: z.enum(["string", "number", "boolean", "filepath"]).optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
};
const argument = z.discriminatedUnion("type", [
  z.strictObject({ ...input, type: z.literal("positional"), value: z.string() }),
  z.strictObject({ ...input, type: z.literal("named"), name: z.string().regex(/^[^<> $]+$/) }),
]);
const serverJson = z.strictObject({
  $schema: z.literal("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"),
  name: z
    .string()
    .max(200)
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]\/[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]$/),
  title: z.string().regex(/\S/).max(100),
  description: z.string().min(1).max(100),
  version: exactVersion,
  packages: z.array(
    z.strictObject({
      registryType: z.literal("npm"),
      identifier: z.string().regex(/^\S+$/),
      version: exactVersion,
      runtimeHint: z.string(),
      transport: z.strictObject({ type: z.literal("stdio") }),
      packageArguments: z.array(argument),
      environmentVariables: z.array(z.strictObject({ ...input, name: z.string().min(1) })),
    }),
  ),
});

const workflow = z.object({
  jobs: z.record(z.string(), z.object({ steps: z.array(z.object({ run: z.string().optional() })) })),
});

describe("a release", () => {
  const server = serverJson.parse(JSON.parse(read("server.json")));
  const [bundle] = server.packages;

  it("is one version everywhere", () => {
    expect([VERSION, server.version, ...server.packages.map(({ version }) => version)]).toEqual(
      Array(3).fill(manifest.version),
    );
    expect(server.packages.map(({ identifier }) => identifier)).toEqual([manifest.name]);
  });

  it("has its section in the changelog, below what came since", () => {
    const sections = [...read("CHANGELOG.md").matchAll(/^## \[(.+?)\]/gm)].map(([, name]) => name);
    expect(sections.slice(0, 2)).toEqual(["Unreleased", manifest.version]);
  });

  it("proves to the registry whose package it is: the package names the server", () => {
    expect(manifest.mcpName).toBe(server.name);
  });

  it.each([
    ["a version that is no exact one", { ...server, version: "^0.1.0" }],
    ["a prerelease that the registry takes for a range", { ...server, version: "0.2.0-next.1" }],
    ["a description that is too long", { ...server, description: "x".repeat(101) }],
    ["a name without a namespace", { ...server, name: "atvm-prep" }],
    ["a schema of another day", { ...server, $schema: "https://static.modelcontextprotocol.io/schemas/2025-07-09/x" }],
    ["a misspelt member", { ...server, packages: [{ ...bundle, enviromentVariables: [] }] }],
    ["no transport", { ...server, packages: [{ ...bundle, transport: undefined }] }],
    [
      "a positional argument without a value",
      { ...server, packages: [{ ...bundle, packageArguments: [{ type: "positional" }] }] },
    ],
    [
      "a flag with its value in its name",
      { ...server, packages: [{ ...bundle, packageArguments: [{ type: "named", name: "--config <file>" }] }] },
    ],
  ])("server.json with %s would be seen", (_, broken) => {
    expect(serverJson.safeParse(broken).success).toBe(false);
  });

  it("is judged by the registry's own tool before anything is published", () => {
    const runs = Object.values(workflow.parse(parse(read(".github/workflows/release.yml"))).jobs).flatMap(({ steps }) =>
      steps.map(({ run }) => run ?? ""),
    );
    const judged = runs.findIndex((run) => /\/cmd\/publisher@v\d+\.\d+\.\d+ validate server\.json$/.test(run));
    expect(judged).toBeGreaterThan(-1);
    expect(runs.findIndex((run) => run.includes("npm publish"))).toBeGreaterThan(judged);
  });

  it("asks of Node what README, package and program say", () => {
    const oldest = manifest.engines.node.replace(">=", "");
    const [major, minor] = oldest.split(".");
    expect(read("README.md")).toContain(`Node ${oldest}`);
    expect(read("src/main.ts")).toContain(`major < ${major} || (major === ${major} && minor < ${minor})`);
    expect(read("src/main.ts")).toContain(`needs Node ${oldest} or newer`);
  });
});
