/** Each tool call is a row of the audit: with what was asked, what came of it, by whom and with which client. */
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/domain/canonical.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import type { Actor, ToolCallRecord } from "../../src/core/engine.ts";
import { fakeEngine, TOKENS } from "../support/fake-engine.ts";
import { ERAS } from "../support/mcp-clients.ts";

describe.each(ERAS)("a tool call by a client of %s", (era, connect) => {
  async function recorded(tool: string, args: Record<string, unknown>) {
    const rows: { call: ToolCallRecord; actor: Actor }[] = [];
    const engine = fakeEngine({
      recordCall: async (call, actor) => void rows.push({ call, actor }),
    });
    const client = await connect({ engine });
    const answer = await client.call(tool, args);
    await client.close();
    return { rows, answer };
  }

  it("is one row, whether it was answered or refused by its schema", async () => {
    const { rows } = await recorded("prep_maintenance", { lun: "Gold", reason: "a new kernel" });
    const client = era === "2026-07-28" ? "modern-test 2.0" : "older-test 1.0";
    expect(rows).toMatchObject([
      {
        call: {
          tool: "prep_maintenance",
          arguments: { lun: "Gold", reason: "a new kernel" },
          outcome: "answered",
          planId: "plan-1",
        },
        actor: { principal: "tester@host", channel: "mcp", client, tool: "prep_maintenance" },
      },
    ]);
    expect(rows[0]?.call.ms).toBeGreaterThanOrEqual(0);
    const refused = await recorded("prep_maintenance", { lun: 7, nonsense: { deep: ["x"] }, long: "x".repeat(9_000) });
    expect(refused.rows).toMatchObject([
      {
        call: {
          outcome: "refused",
          code: "BAD_REQUEST",
          arguments: { lun: 7, nonsense: "(object)", long: expect.stringMatching(/^x{199}…$/) },
        },
      },
    ]);
  });

  it("keeps no token", async () => {
    const { rows } = await recorded("confirm_plan", { planToken: TOKENS.plain });
    expect(rows[0]?.call).toMatchObject({
      arguments: { planTokenHash: sha256(TOKENS.plain) },
      outcome: "answered",
      runId: "run-1",
    });
    expect(JSON.stringify(rows)).not.toContain(TOKENS.plain);
  });

  it("says so where it could not be recorded, in text and in data", async () => {
    const engine = fakeEngine({
      recordCall: () => Promise.reject(new PrepError("AUDIT_UNWRITABLE", "The disk is full.", { hint: "Make room." })),
    });
    const client = await connect({ engine });
    const answer = await client.call("list_luns");
    await client.close();
    expect(answer.isError).toBe(false);
    expect(answer.text).toMatch(/This call is not in the audit: its store could not be written\.$/);
    expect(answer.structured).toMatchObject({ notice: expect.stringContaining("not in the audit") });
  });
});
