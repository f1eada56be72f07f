/** The part of a configuration that is about the site's own script as the engine. */
import * as z from "zod";
import { duration, path, type References, text } from "./values.ts";

export const engine = z
  .enum(["steps", "script"])
  .default("steps")
  .describe(
    "What carries plans out: `steps`, the steps of this program; `script`, the site's own `atvm_prep.py` (docs/script-engine.md).",
  );

export const scriptSection = (references: References) =>
  z
    .strictObject({
      command: z
        .array(text)
        .min(1)
        .default(["python3", "/root/atvm_prep/atvm_prep.py"])
        .describe("The words that start the script; its flags follow. No shell reads them."),
      ssh: z
        .strictObject({
          destination: text
            .regex(/^[^-]/, { error: "must not begin with a dash" })
            .describe("As ssh takes it: `USER@HOST`, or a name from its configuration."),
          config: path(references).optional().describe("A configuration file of ssh's own, in place of the account's."),
        })
        .optional()
        .describe("Where the script runs, if not on this machine."),
      log: text.default("/root/atvm_prep/log/atvm_prep.log").describe("The script's log file, where it runs."),
      prompts: z
        .array(text)
        .default([])
        .describe(
          "Its `[y/n]` questions that an approved plan answers with y, each as the script words it, without the `[y/n]`; `*` stands for anything.",
        ),
      credentials: z
        .enum(["pass", "own"])
        .default("pass")
        .describe("`pass`: vCenter's user and password go to the script as `-vu` and `-vp`. `own`: it uses its own."),
      conditionFixed: z
        .boolean()
        .default(false)
        .describe("Whether the condition in its `main()` is mended, so that `-R` and `-U` do not clean up."),
      timeout: duration("2h").describe("How long it may run until it is ended, with an unknown outcome."),
      quiet: duration("1m").describe("How long a line that looks like a question may stand before it counts as one."),
    })
    .prefault({})
    .describe("The site's script, for `engine: script`.");
