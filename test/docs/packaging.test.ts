/** What the registries and clients read of a release says the same as package.json. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import { VERSION } from "../../src/platform/version.ts";

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

describe("a release", () => {
  it("is one version everywhere", () => {
    const server = z
      .object({ version: z.string(), packages: z.array(z.object({ identifier: z.string(), version: z.string() })) })
      .parse(JSON.parse(read("server.json")));
    expect([VERSION, server.version, ...server.packages.map(({ version }) => version)]).toEqual(
      Array(3).fill(manifest.version),
    );
    expect(server.packages.map(({ identifier }) => identifier)).toEqual([manifest.name]);
  });

  it("keeps to the registry's limits for names and descriptions", () => {
    const { name, description } = z
      .object({ name: z.string(), description: z.string() })
      .parse(JSON.parse(read("server.json")));
    expect(name).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
    expect(description.length).toBeLessThanOrEqual(100);
  });

  it("asks of Node what README, package and program say", () => {
    const oldest = manifest.engines.node.replace(">=", "");
    const [major, minor] = oldest.split(".");
    expect(read("README.md")).toContain(`Node ${oldest}`);
    expect(read("src/main.ts")).toContain(`major < ${major} || (major === ${major} && minor < ${minor})`);
    expect(read("src/main.ts")).toContain(`needs Node ${oldest} or newer`);
  });
});
