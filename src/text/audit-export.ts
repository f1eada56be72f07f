/** Audit rows for other machines: our own JSON Lines, OCSF events, syslog lines. Each is one line. */
import { VERSION } from "../platform/version.ts";
import type { AuditRowView } from "./views.ts";

/** `jsonl` alone has all that a verifier needs in one place. */
export const EXPORT_FORMATS = ["jsonl", "ocsf", "rfc5424"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export function exportLine(row: AuditRowView, format: ExportFormat): string {
  switch (format) {
    case "jsonl":
      return JSON.stringify(row);
    case "ocsf":
      return JSON.stringify(ocsfEvent(row));
    case "rfc5424":
      return syslogLine(row);
  }
}

type Outcome = "success" | "failure" | "other";

/** As the row's type says; of a tool's call, as its data says. */
function outcomeOf({ type, data }: AuditRowView): Outcome {
  if (type === "tool_called") return data["outcome"] === "refused" ? "failure" : "success";
  if (/_(refused|failed|not_approved)$/.test(type) || type === "plan_not_approved") return "failure";
  return /_(stale|obsolete|interrupted|needs_operator|cancelled)$/.test(type) || type === "clock_set_back"
    ? "other"
    : "success";
}

/** What was acted on, as OCSF's activities of an API: 1 create, 2 read, 3 update, 4 delete, 99 something else. */
function activityOf({ type }: AuditRowView): { id: number; name: string } {
  switch (type) {
    case "read":
    case "read_refused":
      return { id: 2, name: "Read" };
    case "plan_made":
      return { id: 1, name: "Create" };
    case "plan_approved":
    case "plan_redeemed":
    case "step_end":
      return { id: 3, name: "Update" };
    case "plan_discarded":
      return { id: 4, name: "Delete" };
    default:
      return { id: 99, name: type };
  }
}

const OCSF_STATUS = { success: [1, "Success"], failure: [2, "Failure"], other: [99, "Other"] } as const;
const OCSF_SEVERITY = { success: 1, failure: 3, other: 2 } as const;
/** Application Activity, API Activity. */
const OCSF_CATEGORY = 6;
const OCSF_CLASS = 6003;

/** OCSF 1.3.0, class API Activity (https://schema.ocsf.io/1.3.0/classes/api_activity). */
function ocsfEvent(row: AuditRowView): Record<string, unknown> {
  const activity = activityOf(row);
  const outcome = outcomeOf(row);
  const [statusId, status] = OCSF_STATUS[outcome];
  const { tool, code, message } = row.data;
  return {
    time: Date.parse(row.at),
    category_uid: OCSF_CATEGORY,
    class_uid: OCSF_CLASS,
    type_uid: OCSF_CLASS * 100 + activity.id,
    activity_id: activity.id,
    activity_name: activity.name,
    severity_id: OCSF_SEVERITY[outcome],
    status_id: statusId,
    status,
    ...(typeof code === "string" ? { status_code: code } : {}),
    ...(typeof message === "string" ? { status_detail: message } : {}),
    actor: {
      user: { name: row.actor, type_id: 0 },
      ...(row.client === undefined ? {} : { app_name: row.client }),
    },
    api: { operation: typeof tool === "string" ? tool : row.type, service: { name: "atvm_prep" } },
    src_endpoint: { svc_name: row.channel },
    metadata: {
      version: "1.3.0",
      product: { name: "atvm_prep", vendor_name: "atvm_prep", version: VERSION },
      uid: row.hash,
      sequence: row.seq,
      event_code: row.type,
      original_time: row.at,
      ...(row.runId === undefined && row.planId === undefined ? {} : { correlation_uid: row.runId ?? row.planId }),
    },
    unmapped: {
      ...(row.planId === undefined ? {} : { plan_id: row.planId }),
      ...(row.runId === undefined ? {} : { run_id: row.runId }),
      data: row.data,
      prev: row.prev,
      hash: row.hash,
    },
  };
}

/** Facility 13 (log audit); severities of RFC 5424, section 6.2.1. */
const FACILITY = 13;
const SYSLOG_SEVERITY = { success: 6, failure: 4, other: 5 } as const;
/** The enterprise number that RFC 5612 sets aside: this program has none of its own. */
const SD_ID = "atvm@32473";

const escaped = (value: string): string => value.replace(/["\\\]]/g, (character) => `\\${character}`);

/** Text beyond ASCII would need a byte order mark before it (RFC 5424, section 6.4). */
const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

function syslogLine(row: AuditRowView): string {
  const params = {
    seq: String(row.seq),
    actor: row.actor,
    channel: row.channel,
    client: row.client,
    planId: row.planId,
    runId: row.runId,
    prev: row.prev,
    hash: row.hash,
  };
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${escaped(value)}"`],
  );
  const priority = FACILITY * 8 + SYSLOG_SEVERITY[outcomeOf(row)];
  return `<${priority}>1 ${row.at} - atvm_prep - ${row.type} [${SD_ID} ${pairs.join(" ")}] ${ascii(JSON.stringify(row.data))}`;
}
