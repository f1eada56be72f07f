/** `atvm_prep store copy FILE`: the store in a file becomes the one in the database that the configuration names. */
import { appOptions, type Context } from "../context.ts";
import { printResult } from "../terminal/results.ts";

/** Exit code: 0 when the chain holds on the other side. */
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
