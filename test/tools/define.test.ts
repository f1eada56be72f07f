/** Arguments as clients really send them, and what is said of those that cannot be used. */
import { describe, expect, it } from "vitest";
import { TOKENS } from "../support/fake-engine.ts";
import { modernClient } from "../support/mcp-clients.ts";

async function call(tool: string, args: Record<string, unknown>) {
  const client = await modernClient();
  const answer = await client.call(tool, args);
  await client.close();
  return { answer, calls: client.engine.calls };
}

describe("arguments", () => {
  it("that are null or empty are absent, and those that clients inject are nobody's", async () => {
    const { calls } = await call("prep_automated_testing", {
      lun: "Gold",
      snapshot: null,
      client: "",
      keepClone: null,
      wait_for_previous: true,
    });
    expect(calls[0]?.args).toEqual({ mode: "automated_testing", lun: "Gold" });
  });

  it.each([
    ["prep_automated_testing", {}, "lun is missing"],
    ["prep_automated_testing", { lun: "" }, "lun is missing"],
    ["prep_maintenance", { lun: "Gold", keepClone: "yes" }, "keepClone must be a boolean (true or false)"],
    ["prep_maintenance", { lun: "Gold", snapshott: "x" }, "prep_maintenance has no argument snapshott"],
    ["list_snapshots", { lun: 7 }, "lun must be a string"],
    ["list_vms", { clint: "165" }, "did you mean client?"],
  ])("of %s that are %j are refused in words", async (tool, args, words) => {
    const { answer, calls } = await call(tool, args);
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(words);
    expect(answer.structured).toMatchObject({ error: { code: "BAD_REQUEST" } });
    expect(calls).toEqual([]);
  });

  it("may repeat the plan's command to confirm_plan, which a client's own dialogue then shows", async () => {
    const { calls } = await call("confirm_plan", { planToken: TOKENS.plain, command: "atvm_prep -A -n Other" });
    expect(calls[0]?.args).toMatchObject({ token: TOKENS.plain });
  });
});
