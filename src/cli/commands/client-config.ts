/** `atvm_prep client-config CLIENT`: how an assistant's program is told of this server. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { loadConfig } from "../../config/load.ts";
import { PrepError } from "../../core/domain/errors.ts";
import { ownCommand } from "../../platform/own-command.ts";
import { CLIENT_TABLE, CLIENTS, type ClientName, type Connection, type Setting } from "../clients/clients.ts";
import { mergeJson, mergeToml, NotMergeable } from "../clients/merge.ts";
import { type Context, configSource } from "../context.ts";
import { printErr, printOut } from "../terminal/io.ts";

export interface ClientConfigFlags {
  readonly lab: boolean;
  /** `true`: to the configured controller. */
  readonly ssh?: string | true;
  /** What is started there. A forced command goes before it. */
  readonly remote: string;
  readonly http?: string;
  readonly tokenEnv: string;
  readonly name: string;
  readonly file?: string;
  readonly write: boolean;
}

/** Prints the entry; with `write`, puts it into the client's file. Errors: `BAD_REQUEST`, those of `loadConfig`. */
export async function clientConfig(asked: string, flags: ClientConfigFlags, context: Context): Promise<number> {
  const { io, json } = context;
  const client = clientNamed(asked);
  const { title, format, file: usualFile, settings: settingsOf, note } = CLIENT_TABLE[client];
  const connection = await connectionOf(flags, context);
  const settings = settingsOf(checkedName(flags.name), connection);
  const file = flags.file === undefined ? usualFile(io.env, process.platform) : resolve(io.cwd, flags.file);
  const merge = format === "toml" ? mergeToml : mergeJson;
  const snippet = merge("", settings).trimEnd();
  if (flags.write) await writeInto(file, settings, merge);
  if (json) {
    printOut(io, JSON.stringify({ client, file, format, snippet, written: flags.write }, undefined, 2));
    return 0;
  }
  if (flags.write) printErr(io, `${title}: ${flags.name} is in ${file} now.`);
  else {
    printErr(io, `${title}: this belongs into ${file}; with --write it is put there.`);
    printOut(io, snippet);
  }
  const more = note?.(connection);
  if (more !== undefined) printErr(io, more);
  if (typeof flags.ssh === "string" && context.config !== undefined && !flags.remote.includes("--config")) {
    printErr(
      io,
      `--config names a file of this machine. One over there: --remote 'atvm_prep serve --config ${context.config}'.`,
    );
  }
  return 0;
}

function clientNamed(asked: string): ClientName {
  const client = CLIENTS.find((name) => name === asked);
  if (client !== undefined) return client;
  throw new PrepError("BAD_REQUEST", "There is no such client.", { hint: `Name one of ${CLIENTS.join(", ")}.` });
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,40}$/.test(name)) return name;
  throw new PrepError("BAD_REQUEST", "--name takes up to 40 letters, digits, - and _.", {
    hint: "It is what the client calls the server.",
  });
}

async function connectionOf(flags: ClientConfigFlags, context: Context): Promise<Connection> {
  const { lab, ssh, http, remote, tokenEnv } = flags;
  if ([lab, ssh !== undefined, http !== undefined].filter(Boolean).length > 1) {
    throw new PrepError("BAD_REQUEST", "--lab, --ssh and --http exclude each other.", {
      hint: "Name one of them, or none for a server that the client starts on this machine.",
    });
  }
  if (http !== undefined) return { kind: "http", url: endpointOf(http), tokenEnv: checkedVariable(tokenEnv) };
  const { env } = context.io;
  if (ssh !== undefined) {
    const destination = ssh === true ? await controllerOf(context) : ssh;
    if (destination.startsWith("-")) {
      throw new PrepError("BAD_REQUEST", "--ssh takes a destination, such as atvm@controller.", {
        hint: "A destination does not begin with a dash.",
      });
    }
    // No terminal: it would change what goes over the connection. No questions: nobody is there to answer.
    const args = ["-T", "-o", "BatchMode=yes", destination, remote];
    return { kind: "stdio", command: programNamed("ssh", env), args };
  }
  const { program, words } = ownCommand();
  const own = await Promise.all(words.map((word) => (existsSync(word) ? realpath(word) : word)));
  const which = lab ? ["--lab"] : ["--config", await configFile(context)];
  return { kind: "stdio", command: program, args: [...own, "serve", ...which] };
}

/** The server's endpoint below an address that names none. */
function endpointOf(given: string): string {
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new PrepError("BAD_REQUEST", "--http takes the server's address, such as https://controller:8443/mcp.", {
      hint: "It is what `atvm_prep serve --http` listens on, as the client reaches it.",
    });
  }
  const url = new URL(given);
  if (url.pathname === "/") url.pathname = "/mcp";
  return url.href;
}

function checkedVariable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new PrepError("BAD_REQUEST", "--token-env takes the name of a variable.", {
    hint: "The token itself does not belong into a command line or a client's file.",
  });
}

async function controllerOf(context: Context): Promise<string> {
  const { controller } = await loadConfig(configSource(context));
  if (controller !== undefined) return controller.hostname;
  throw new PrepError("BAD_REQUEST", "The configuration names no controller.", {
    hint: "Name the machine: `--ssh USER@HOST`.",
  });
}

async function configFile(context: Context): Promise<string> {
  const { file } = await loadConfig(configSource(context));
  if (file === undefined) throw new Error("a configuration that was loaded has a file");
  return file;
}

/** Its absolute path: clients with a window do not have a terminal's PATH. */
function programNamed(name: string, env: Context["io"]["env"]): string {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name;
}

/** In one move, so that the client never reads half a file; a link stays one. */
async function writeInto(file: string, settings: readonly Setting[], merge: typeof mergeJson): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    const target = existsSync(file) ? await realpath(file) : file;
    const before = await readFile(target, "utf8").catch((cause: unknown) => {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
      throw cause;
    });
    const merged = merge(before, settings);
    const mode = existsSync(target) ? (await stat(target)).mode & 0o777 : 0o600;
    const next = `${target}.${randomUUID()}`;
    await writeFile(next, merged, { mode });
    await rename(next, target);
  } catch (cause) {
    const why =
      cause instanceof NotMergeable ? cause.message : `cannot be written (${errorCode(cause) ?? "see the cause"})`;
    throw new PrepError("BAD_REQUEST", `${file} ${why}. It was left as it was.`, {
      found: { file },
      hint: "Put the entry there by hand: the same command without --write prints it.",
      cause,
    });
  }
}

const errorCode = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
