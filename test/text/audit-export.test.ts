import { describe, expect, test } from "vitest";
import { exportLine } from "../../src/text/audit-export.ts";
import type { AuditRowView } from "../../src/text/views.ts";

const row: AuditRowView = {
  seq: 7,
  at: "2026-11-28T22:00:00.000Z",
  type: "tool_called",
  actor: 'os:"root"]@x',
  channel: "mcp",
  client: "claude-code 2.1",
  planId: "plan_1",
  data: { tool: "list_snapshots", outcome: "refused", code: "UNKNOWN_LUN", message: "büro\\" },
  prev: "a".repeat(64),
  hash: "b".repeat(64),
};

/** RFC 5424, section 6: header, one element of structured data, a message. */
const SYSLOG =
  /^<(\d{1,3})>1 (\S+) (\S+) ([\x21-\x7e]{1,48}) (\S+) ([\x21-\x7e]{1,32}) \[([^\s="\]]{1,32})((?: [^\s="\]]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\] (.*)$/;

describe("an exported row", () => {
  test("as a syslog line keeps to the grammar, whatever is in its names", () => {
    const parts = SYSLOG.exec(exportLine(row, "rfc5424"));
    expect(parts?.slice(1, 8)).toEqual(["108", row.at, "-", "atvm_prep", "-", "tool_called", "atvm@32473"]);
    expect(parts?.[8]).toContain(String.raw`actor="os:\"root\"\]@x"`);
    expect(parts?.[9]).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(parts?.[9] ?? "")).toEqual(row.data);
  });

  test("as an OCSF event has what the class requires", () => {
    const event: unknown = JSON.parse(exportLine(row, "ocsf"));
    expect(event).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      activity_id: 99,
      activity_name: "tool_called",
      type_uid: 600399,
      time: Date.parse(row.at),
      severity_id: 3,
      status_id: 2,
      status_code: "UNKNOWN_LUN",
      actor: { user: { name: row.actor }, app_name: row.client },
      api: { operation: "list_snapshots" },
      src_endpoint: { svc_name: "mcp" },
      metadata: { version: "1.3.0", product: { name: "atvm_prep" }, sequence: 7, correlation_uid: "plan_1" },
      unmapped: { prev: row.prev, hash: row.hash },
    });
  });

  test.each([
    ["plan_made", 1, 1],
    ["read_refused", 2, 2],
    ["step_end", 3, 1],
    ["plan_discarded", 4, 1],
    ["run_interrupted", 99, 99],
    ["plan_not_approved", 99, 2],
  ])("of type %s is activity %i with status %i", (type, activity, status) => {
    const event: unknown = JSON.parse(exportLine({ ...row, type, data: {} }, "ocsf"));
    expect(event).toMatchObject({ activity_id: activity, type_uid: 600_300 + activity, status_id: status });
  });

  test("as JSON is the row itself", () => {
    expect(JSON.parse(exportLine(row, "jsonl"))).toEqual(row);
  });
});
