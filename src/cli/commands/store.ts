/** `atvm_prep store copy|prune`: moves a store from its file to a database; removes what is older than the site keeps it. */
import { PrepError } from "../../core/domain/errors.ts";
import { appOptions, type Context, withApp } from "../context.ts";
import { printResult } from "../terminal/results.ts";

/** The store in the file becomes the one in the database that the configuration names. Exit code: 0 when the chain holds on the other side. */
export async function copyStore(file: string, context: Context): Promise<number> {
  const { moveStore } = await import("../../app.ts");
  const moved = await moveStore(appOptions(context, "cli"), file);
  printResult(context, moved, () =>
    [
      `${moved.from} is now the store ${moved.to}: ${moved.rows["plans"]} plans, ${moved.rows["runs"]} runs, ${moved.rows["audit"]} rows of the audit.`,
      moved.chain.holds
        ? "The audit's chain holds there."
        : `The audit does not hold: ${moved.chain.problems.join("; ")}.`,
      "The file is marked as moved; keep it as a backup.",
    ].join("\n"),
  );
  return moved.chain.holds ? 0 : 1;
}

/** Errors: `BAD_REQUEST` where the configuration keeps everything. */
export const pruneStore = (context: Context): Promise<number> =>
  withApp(context, async ({ engine, actor, config }) => {
    const { keepDays } = config.store;
    if (keepDays === undefined) {
      throw new PrepError("BAD_REQUEST", "The configuration keeps everything.", {
        hint: "Say for how long it is kept: store.keep, such as 365d (docs/configuration.md).",
      });
    }
    const gone = await engine.removeOld(actor("cli"));
    printResult(context, gone ?? { removed: {} }, () =>
      gone === undefined
        ? `Nothing is older than ${keepDays} days.`
        : `Removed what is older than ${keepDays} days: ${gone.removed["runs"]} runs, ${gone.removed["plans"]} plans, rows ${gone.rows.first} to ${gone.rows.last} of the audit.`,
    );
    return 0;
  });
