/** Calls of the doors, each told to the audit: a refusal always, a look at the systems with its outcome. */
import { auditedWrite } from "../audit.ts";
import { asPrepError } from "../domain/errors.ts";
import type { Role } from "../domain/roles.ts";
import { safeText } from "../domain/safe-text.ts";
import type { AuditEvent } from "../domain/states.ts";
import { type Actor, ApprovalNeeded, type ToolCallRecord } from "../engine.ts";
import type { EngineDeps } from "../engine-options.ts";

function planIdIn(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null || !("planId" in data)) return undefined;
  return typeof data.planId === "string" ? data.planId : undefined;
}

export class AuditedCalls {
  readonly #deps: EngineDeps;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  /** Tells the chain of a refused call, then lets the refusal go on. A refusal that cannot be audited becomes that failure. */
  async audited<T>(type: AuditEvent, actor: Actor, data: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof ApprovalNeeded) throw thrown;
      const error = asPrepError(thrown);
      if (error.code === "INTERNAL") this.#deps.log.error({ err: thrown }, "a defect in the engine");
      if (error.code !== "AUDIT_UNWRITABLE" && error.code !== "STORE_UNUSABLE") {
        const planId = planIdIn(data) ?? planIdIn(error.found);
        const row = { type, actor, planId, data: { ...data, code: error.code, message: error.message } };
        await auditedWrite(this.#deps.store, this.#deps.clock, (_tx, append) => append(row));
      }
      throw thrown;
    }
  }

  /** A call that its door did not let through. */
  refused(call: string, needs: Role, actor: Actor): Promise<void> {
    const row = { type: "call_refused" as const, actor, data: { call: safeText(call, 100), needs, code: "FORBIDDEN" } };
    return auditedWrite(this.#deps.store, this.#deps.clock, (_tx, append) => append(row));
  }

  /** A tool's call. Errors: `AUDIT_UNWRITABLE`, `STORE_UNUSABLE`. */
  async record({ planId, runId, ...data }: ToolCallRecord, actor: Actor): Promise<void> {
    const row = { type: "tool_called" as const, actor, planId, runId, data: { ...data } };
    await auditedWrite(this.#deps.store, this.#deps.clock, (_tx, append) => append(row));
  }

  /**
   * A reading of the systems, recorded in the audit with its outcome. It changes nothing, so it is answered also where the
   * audit cannot be written.
   */
  async read<T>(call: string, inputs: object, actor: Actor, work: () => Promise<T>): Promise<T> {
    if (actor.tool !== undefined) return work();
    const asked = Object.entries(inputs).map(([name, value]) => [name, safeText(String(value))]);
    const audit = (type: AuditEvent, outcome: object): Promise<void> => {
      const row = { type, actor, data: { call, ...Object.fromEntries(asked), ...outcome } };
      return auditedWrite(this.#deps.store, this.#deps.clock, (_tx, append) => append(row)).catch((cause: unknown) =>
        this.#deps.log.warn({ err: cause, call }, "a read could not be audited"),
      );
    };
    try {
      const answer = await work();
      await audit("read", {});
      return answer;
    } catch (thrown) {
      const { code, message } = asPrepError(thrown);
      await audit("read_refused", { code, message });
      throw thrown;
    }
  }
}
