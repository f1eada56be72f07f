/** `atvm_prep completion SHELL`, and what its scripts ask for: the words that can come next. */
import type { Command } from "commander";
import * as z from "zod";
import { loadConfig } from "../../config/load.ts";
import { PrepError } from "../../core/domain/errors.ts";
import { candidates, SHELLS, type Values } from "../args/complete.ts";
import { CLIENTS } from "../clients/clients.ts";
import { type Context, configSource } from "../context.ts";
import { printOut } from "../terminal/io.ts";

const shells = z.enum(["bash", "zsh", "fish"]);

/** Prints the script that the shell reads. Errors: `BAD_REQUEST`. */
export async function completion(asked: string, { io }: Context): Promise<number> {
  const shell = shells.safeParse(asked);
  if (!shell.success) {
    throw new PrepError("BAD_REQUEST", "There is no completion for this shell.", { hint: "Name bash, zsh or fish." });
  }
  io.stdout.write(SHELLS[shell.data]);
  return 0;
}

/** One word a line. Without a configuration that can be read, what it would name is left out: a Tab is no place for an error. */
export async function complete(program: Command, words: readonly string[], context: Context): Promise<number> {
  const found = candidates(program, words, await valuesOf(context));
  if (found.length > 0) printOut(context.io, found.join("\n"));
  return 0;
}

async function valuesOf(context: Context): Promise<Values> {
  const config = await loadConfig(configSource(context)).catch(() => undefined);
  const luns = Object.keys(config?.luns ?? {});
  const pairs = config?.pairs ?? [];
  const known: Readonly<Record<string, readonly string[]>> = {
    dgs_lun_name: luns,
    LUN: luns,
    client_name: pairs.map(({ client }) => client),
    esx_host_ip: pairs.map(({ host }) => host),
    CLIENT: CLIENTS,
    SHELL: shells.options,
  };
  return (name) => known[name] ?? [];
}
