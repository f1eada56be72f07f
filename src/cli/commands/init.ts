/** `atvm_prep init [FILE]`: a configuration to start from. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PrepError } from "../../core/domain/errors.ts";
import type { Context } from "../context.ts";
import { printErr, printOut } from "../terminal/io.ts";
import { STARTER_CONFIG } from "./starter-config.ts";

/** Never overwrites. Errors: `BAD_REQUEST`. */
export async function init(file: string | undefined, { io, config, json }: Context): Promise<number> {
  const path = resolve(io.cwd, file ?? config ?? "atvm.config.yaml");
  await writeFile(path, STARTER_CONFIG, { flag: "wx", mode: 0o640 }).catch((cause: unknown) => {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw new PrepError(
      "BAD_REQUEST",
      exists ? `${path} exists already, and is left as it is.` : `${path} cannot be written.`,
      {
        hint: "Name another file: `atvm_prep init FILE`.",
        cause,
      },
    );
  });
  if (json) printOut(io, JSON.stringify({ file: path }));
  printErr(
    io,
    `Wrote ${path}. Fill in the addresses, put the two passwords into files that only you can read, then: atvm_prep --config ${path} doctor`,
  );
  return 0;
}
