/** Whether the site's script can be reached, and its questions are known. It is read, not run. */
import type { Config } from "../../config/config.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import type { Logger } from "../../core/ports/runtime.ts";
import { loadSystemFactories } from "../open-systems.ts";
import { checked, type Finding, ok, warning } from "./finding.ts";

export async function checkScript(config: Config, log: Logger): Promise<Finding[]> {
  if (config.engine !== "script") return [];
  return checked("script", async () => {
    const script = (await loadSystemFactories(config, log)).script?.();
    if (script === undefined) return [];
    const { file, questions, unknown } = await script.inspect();
    const running = await script.running();
    return [
      ok("script", `${safeText(file)} can be read; ${questions.length} questions in it`),
      ...(running.length === 0 ? [] : [warning("script", "it is running now", "Nothing is begun until it has ended.")]),
      ...unknown.map((question) =>
        warning(
          "script",
          `its question is not known: ${safeText(question)}`,
          `If yes is the right answer once a plan was approved, add it to script.prompts: ${safeText(JSON.stringify(question))}`,
        ),
      ),
    ];
  });
}
