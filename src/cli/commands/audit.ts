/** `atvm_prep audit show|verify|export`. */
import { auditText, chainText } from "../../text/index.ts";
import { type Context, withApp } from "../context.ts";
import { flush, lostOutput, printErr, printOut } from "../terminal/io.ts";
import { printResult } from "../terminal/results.ts";

export interface AuditFilter {
  readonly since?: string;
  readonly planId?: string;
  readonly runId?: string;
  readonly limit?: number;
  readonly until?: string;
  readonly type?: string;
  readonly actor?: string;
  readonly steps?: boolean;
}

/** The newest rows, in the order in which they were written: the last one stands right above the prompt. */
export const showAudit = (filter: AuditFilter, context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const audit = await engine.readAudit(filter);
    printResult(context, audit, () => auditText(audit, Number.POSITIVE_INFINITY));
    return 0;
  });

/** Exit code 1 when the chain does not hold. */
export const verifyAudit = (context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const chain = await engine.verifyAudit();
    // The whole head: it is compared with that of another day, or with an export's.
    printResult(context, chain, () => chainText(chain, Number.POSITIVE_INFINITY));
    return chain.holds ? 0 : 1;
  });

/** All rows, oldest first, as JSON Lines: to be kept on another machine. */
export const exportAudit = (filter: Pick<AuditFilter, "since">, context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const { rows } = await engine.readAudit({ ...filter, limit: Number.MAX_SAFE_INTEGER });
    const { io } = context;
    for (const row of rows.toSorted((a, b) => a.seq - b.seq)) {
      if (lostOutput(io) !== undefined) break;
      printOut(io, JSON.stringify(row));
    }
    await flush(io);
    if (lostOutput(io) !== "cannot be written") return 0;
    printErr(io, "The export is not complete: standard output cannot be written.");
    return 1;
  });
