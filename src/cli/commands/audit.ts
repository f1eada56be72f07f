/** `atvm_prep audit show|who|verify|export`. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { checkExport, type FileCheck } from "../../core/audit-file.ts";
import { asPrepError, PrepError } from "../../core/domain/errors.ts";
import type { AuditFilter, AuditRowRecord } from "../../core/records.ts";
import { type ExportFormat, exportLine } from "../../text/audit-export.ts";
import { auditText, chainText, presentRun, whoText } from "../../text/index.ts";
import { type Context, withReadOnlyApp } from "../context.ts";
import { flush, lostOutput, printErr, printOut } from "../terminal/io.ts";
import { printResult } from "../terminal/results.ts";
import { runIdOf } from "./runs.ts";

/** The newest rows, in the order in which they were written: the last one stands right above the prompt. */
export const showAudit = (filter: AuditFilter, context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const audit = await engine.readAudit(filter);
    printResult(context, audit, () => auditText(audit, Number.POSITIVE_INFINITY));
    return 0;
  });

/** What was done to a volume, to a VM or in a run, by whom, with whose approval. */
export const auditWho = (name: string, context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const isRun = name === "latest" || name.startsWith("run_");
    const found = await engine.whoTouched(isRun ? await runIdOf(name, engine) : name);
    const runs = found.runs.map(({ run, done, ...more }) => ({
      run: presentRun(run, context.wording),
      done: [...done],
      ...more,
    }));
    const shown = { ...found, runs };
    printResult(context, shown, () => whoText(shown));
    return 0;
  });

/** Exit code 1 when the chain does not hold. */
export const verifyAudit = (context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const chain = await engine.verifyAudit();
    // The whole head: it is compared with that of another day, or with an export's.
    printResult(context, chain, () => chainText(chain, Number.POSITIVE_INFINITY));
    return chain.holds ? 0 : 1;
  });

const allRows = { limit: Number.MAX_SAFE_INTEGER };

/** An export's own chain, and whether its rows still stand in the store, where there is one here. Exit code 1 when not. */
export async function verifyExport(file: string, context: Context): Promise<number> {
  const contents = await readFile(resolve(context.io.cwd, file), "utf8").catch((cause: unknown) => {
    throw new PrepError("BAD_REQUEST", "The file cannot be read.", {
      hint: "Name a file that an export wrote.",
      cause,
    });
  });
  const stored = await storedRows(context);
  const checked = checkExport(contents, stored);
  const { first, last, storeBegins = first } = checked;
  printResult(context, { ...checked, comparedWithStore: stored !== undefined }, () =>
    [
      fileText(checked),
      `The file has rows ${first} to ${last}${first === 1 ? ", from the beginning" : "; what was before them, it cannot say"}.`,
      stored === undefined
        ? "It was not compared with a store: there is none here."
        : checked.holds
          ? `Each of its rows stands in the store, with the same hash${first < storeBegins ? `, but for those that the store has not kept: it begins with row ${storeBegins}, which follows what it is to follow` : ""}.`
          : "",
    ]
      .filter((line) => line !== "")
      .join("\n"),
  );
  return checked.holds ? 0 : 1;
}

const fileText = (checked: FileCheck): string =>
  chainText(checked, Number.POSITIVE_INFINITY).replace("audit chain", "exported chain").replace("AUDIT", "EXPORTED");

/** Another machine, where exports are kept, has neither a configuration nor a store. */
async function storedRows(context: Context): Promise<readonly AuditRowRecord[] | undefined> {
  try {
    return await withReadOnlyApp(context, async ({ engine }) => (await engine.readAudit(allRows)).rows, {
      warn: false,
    });
  } catch (thrown) {
    if (asPrepError(thrown).code === "CONFIG_INVALID" && context.config === undefined) return undefined;
    throw thrown;
  }
}

/** All rows, oldest first, a line each: to be kept on another machine. */
export const exportAudit = (
  filter: Pick<AuditFilter, "since">,
  format: ExportFormat,
  context: Context,
): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const { rows } = await engine.readAudit({ ...filter, ...allRows });
    const { io } = context;
    for (const row of rows.toSorted((a, b) => a.seq - b.seq)) {
      if (lostOutput(io) !== undefined) break;
      printOut(io, exportLine(row, format));
    }
    await flush(io);
    if (lostOutput(io) !== "cannot be written") return 0;
    printErr(io, "The export is not complete: standard output cannot be written.");
    return 1;
  });
