/** Rows as the engine makes them, with what a test does not care about filled in. */
import type { AuditRow, PlanRow, RunRow, StoreWriter } from "../../src/core/ports/store.ts";

export function planRow(id: string, over: Partial<PlanRow> = {}): PlanRow {
  return {
    id,
    tokenHash: `hash-of-${id}`,
    binding: "b1",
    digest: "d1",
    principal: "os:ops",
    goldId: "gold-1",
    clientId: "client-1",
    mode: "register",
    body: "{}",
    state: "open",
    createdAt: "2025-03-01T10:00:00.000Z",
    expiresAt: "2025-03-01T10:15:00.000Z",
    ...over,
  };
}

export function runRow(id: string, planId: string, over: Partial<RunRow> = {}): RunRow {
  return {
    id,
    planId,
    mode: "register",
    principal: "os:ops",
    goldId: "gold-1",
    clientId: "client-1",
    lunName: "Gold01",
    clientName: "ESX165",
    state: "queued",
    createdAt: "2025-03-01T10:01:00.000Z",
    originId: id,
    originCreatedAt: "2025-03-01T10:01:00.000Z",
    cancelRequested: false,
    ...over,
  };
}

export function auditRow(seq: number, over: Partial<AuditRow> = {}): AuditRow {
  return {
    seq,
    at: "2025-03-01T10:00:00.000Z",
    type: "plan.created",
    actor: "os:ops",
    channel: "stdio",
    data: "{}",
    prev: `h${seq - 1}`,
    hash: `h${seq}`,
    ...over,
  };
}

/** One row after the newest, as the engine does it. */
export async function appendNext(tx: StoreWriter, over: Partial<AuditRow> = {}): Promise<number> {
  const seq = ((await tx.auditHead())?.seq ?? 0) + 1;
  await tx.appendAudit(auditRow(seq, over));
  return seq;
}
