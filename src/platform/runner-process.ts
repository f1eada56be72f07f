/** Starts the process that carries a run out and outlives the server that started it. */
import { spawn } from "node:child_process";
import { PrepError } from "../core/domain/errors.ts";
import type { EngineDeps } from "../core/engine-options.ts";
import { ownCommand } from "./own-command.ts";

/** `main.js execute-run RUN`, in a session of its own: closing the client, the server or the terminal does not reach it. */
export function detachedLaunch(configFile: string | undefined): NonNullable<EngineDeps["launch"]> {
  return (runId, ended) =>
    new Promise((resolve, reject) => {
      const { program, words } = ownCommand();
      const named = configFile === undefined ? [] : ["--config", configFile];
      const child = spawn(program, [...words, "execute-run", runId, ...named], { detached: true, stdio: "ignore" });
      child.once("spawn", () => {
        child.unref();
        resolve();
      });
      child.once("exit", (code, signal) => {
        ended(
          new PrepError(
            "INTERNAL",
            `The process that carries the run out ended (${signal ?? code}) before it began the run.`,
            {
              found: { runId, exit: signal ?? code },
              hint: "The run has done nothing. atvm_prep.log says why it ended: mend that, then plan again.",
            },
          ),
        );
      });
      child.once("error", (cause) => {
        reject(
          new PrepError("INTERNAL", "The process that carries the run out could not be started.", {
            found: { runId },
            hint: "The run is queued and has done nothing. Check the machine's process limits, then resume it.",
            cause,
          }),
        );
      });
    });
}
