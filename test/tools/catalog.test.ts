import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { inputSchemaOf } from "../../src/mcp/server.ts";
import { PROMPTS } from "../../src/prompts/catalog.ts";
import { RESOURCES } from "../../src/resources/catalog.ts";
import { TOOLS } from "../../src/tools/catalog.ts";
import { ERAS } from "../support/mcp-clients.ts";

/** Files that hold what tools, resources and prompts have in common. */
const SHARED = new Set(["catalog", "define", "inputs", "invoke", "links", "person", "progress", "wire"]);

async function filesIn(folder: string): Promise<string[]> {
  const files = await readdir(new URL(`../../src/${folder}/`, import.meta.url));
  return files.map((file) => file.replace(/\.ts$/, "")).filter((name) => !SHARED.has(name));
}

const sorted = (names: readonly string[]): string[] => names.toSorted();

describe("the catalogs", () => {
  it("hold every tool that has a file, under the file's name", async () => {
    expect(sorted(TOOLS.map(({ name }) => name.replaceAll("_", "-")))).toEqual(sorted(await filesIn("tools")));
  });

  it("hold every resource that has a file, under the file's name", async () => {
    expect(sorted(RESOURCES.map(({ name }) => name))).toEqual(sorted(await filesIn("resources")));
  });

  it("hold every prompt that has a file, under the file's name", async () => {
    expect(sorted(PROMPTS.map(({ name }) => name))).toEqual(sorted(await filesIn("prompts")));
  });
});

describe("the tools' definitions", () => {
  it("keep to the nineteen of the surface", () => {
    expect(TOOLS.map(({ name, kind }) => `${name} ${kind}`)).toMatchInlineSnapshot(`
      [
        "list_targets read",
        "inspect_target read",
        "list_luns read",
        "list_snapshots read",
        "list_vms read",
        "prep_automated_testing plan",
        "prep_maintenance plan",
        "register_vms plan",
        "unregister_vms plan",
        "rollback_gold_disk plan",
        "release_target plan",
        "snapshot_gold plan",
        "resume_run plan",
        "confirm_plan confirm",
        "discard_plan write",
        "get_run read",
        "list_runs read",
        "cancel_run write",
        "read_audit read",
      ]
    `);
  });

  it("take the arguments of the surface, and no others", () => {
    const inputs = TOOLS.map((tool) => {
      const { properties, required, additionalProperties } = inputSchemaOf(tool);
      expect(additionalProperties).toBe(false);
      const names = Object.keys(properties ?? {}).map((key) =>
        Array.isArray(required) && required.includes(key) ? key : `${key}?`,
      );
      return `${tool.name}: ${names.join(", ")}`;
    });
    expect(inputs).toMatchInlineSnapshot(`
      [
        "list_targets: ",
        "inspect_target: lun?, client?, host?",
        "list_luns: ",
        "list_snapshots: lun",
        "list_vms: client?, host?, lun?",
        "prep_automated_testing: lun, snapshot?, client?, host?, registerVms?, keepClone?, forcePowerOff?, releaseFirst?, reason?",
        "prep_maintenance: lun, client?, host?, registerVms?, keepClone?, forcePowerOff?, releaseFirst?, reason?",
        "register_vms: lun, client?, host?, reason?",
        "unregister_vms: lun, client?, host?, forcePowerOff?, reason?",
        "rollback_gold_disk: lun, snapshot, client?, host?, registerVms?, keepClone?, forcePowerOff?, releaseFirst?, reason?",
        "release_target: lun, client?, host?, keepClone?, forcePowerOff?, reason?",
        "snapshot_gold: lun, name, client?, host?, crashConsistent?, reason?",
        "resume_run: runId, reason?",
        "confirm_plan: planToken, command?",
        "discard_plan: planToken?, planId?, all?",
        "get_run: runId, steps?, waitSeconds?",
        "list_runs: client?, lun?, limit?",
        "cancel_run: runId",
        "read_audit: since?, until?, type?, actor?, lun?, steps?, planId?, runId?, limit?, cursor?",
      ]
    `);
  });

  it.each(ERAS)("fit the budget of 13 kB and carry no output schema (%s)", async (_era, connect) => {
    const client = await connect();
    const { tools } = await client.client.listTools();
    await client.close();
    expect(tools).toHaveLength(19);
    expect(JSON.stringify(tools).length).toBeLessThanOrEqual(13_000);
    expect(tools.filter((tool) => "outputSchema" in tool)).toEqual([]);
    // Nothing was opened to answer this.
    expect(client.engine.calls).toEqual([]);
  });

  it("say what each kind does to the world", async () => {
    const [, [, connect]] = ERAS;
    const client = await connect();
    const { tools } = await client.client.listTools();
    await client.close();
    for (const tool of TOOLS) {
      const hints = tools.find(({ name }) => name === tool.name)?.annotations;
      expect({ name: tool.name, ...hints }).toEqual({
        name: tool.name,
        readOnlyHint: tool.kind === "read" || tool.kind === "plan",
        destructiveHint: tool.kind === "confirm",
        idempotentHint: tool.kind !== "plan",
        openWorldHint: false,
      });
    }
  });

  it("tell the assistant to show command and impact before a confirmation", () => {
    for (const { kind, description } of TOOLS.filter((tool) => tool.kind === "plan" || tool.kind === "confirm")) {
      expect(description, kind).toMatch(/command/);
      expect(description, kind).toMatch(/impact|touches|lost/);
      expect(description, kind).toMatch(/yes|approves/);
    }
  });
});
