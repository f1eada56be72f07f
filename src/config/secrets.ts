/** Secrets as references. A value is read when it is used, handed to the one caller, and kept nowhere. */
import { readFile, stat } from "node:fs/promises";
import { inspect } from "node:util";
import { PrepError } from "../core/domain/errors.ts";
import { registerSecret } from "../logging/redact.ts";

/** Longer than any password or connection URL; a bigger file is another file. */
const LARGEST_FILE = 64 * 1024;

type Source =
  | { readonly kind: "env"; readonly name: string; readonly env: Readonly<Record<string, string | undefined>> }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "absent"; readonly key: string };

const MARK = "[secret]";

/**
 * A secret that configuration names. Printing it in any way gives `[secret]`; `reveal()` gives the value, which the log
 * then knows and blanks out.
 */
export class Secret {
  readonly #read: () => Promise<string>;
  /** The file that it is in, for the check of its mode. */
  readonly file: string | undefined;

  private constructor(read: () => Promise<string>, file?: string) {
    this.#read = read;
    this.file = file;
  }

  /** `part` takes the secret out of the variable's text, where it holds more. */
  static fromEnv(
    name: string,
    env: Readonly<Record<string, string | undefined>>,
    part: (text: string) => string = (text) => text,
  ): Secret {
    return new Secret(async () => part(await readSource({ kind: "env", name, env })));
  }

  /** `path` is absolute. Read anew at each use, so that a rotated secret counts at once. */
  static fromFile(path: string): Secret {
    return new Secret(() => readSource({ kind: "file", path }), path);
  }

  /** Stands where configuration names none; `key` is the member that is missing, such as `vcenter.password`. */
  static absent(key: string): Secret {
    return new Secret(() => readSource({ kind: "absent", key }));
  }

  /** The value. Errors: `CREDENTIALS_MISSING`, which says where it was looked for. */
  async reveal(): Promise<string> {
    const value = await this.#read();
    registerSecret(value);
    return value;
  }

  toString(): string {
    return MARK;
  }

  toJSON(): string {
    return MARK;
  }

  [inspect.custom](): string {
    return MARK;
  }

  /**
   * A sentence when accounts other than the owner's, and those of the group `sharing`, can read the secret's file, else undefined. A file that is not there
   * is no warning: using it is an error that says more.
   */
  async exposure(sharing?: number): Promise<string | undefined> {
    if (this.file === undefined) return undefined;
    const found = await stat(this.file).catch(() => undefined);
    if (found === undefined) return undefined;
    // Who shares the store signs in with its secrets.
    const foreign = found.gid === sharing ? 0o037 : 0o077;
    if ((found.mode & foreign) === 0) return undefined;
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    return `The secret file ${this.file} has mode ${mode}: other accounts can read it. Run: chmod 600 ${this.file}`;
  }
}

async function readSource(source: Source): Promise<string> {
  const { value, where } = await readIn(source);
  if (value !== undefined && value !== "") return value;
  throw new PrepError("CREDENTIALS_MISSING", `A secret is missing: ${where}.`, {
    found:
      source.kind === "env"
        ? { env: source.name }
        : source.kind === "file"
          ? { file: source.path }
          : { key: source.key },
    hint: hints[source.kind],
  });
}

const hints: Readonly<Record<Source["kind"], string>> = {
  env: "Set this variable for the program (an MCP client passes only what its configuration lists under `env`), or name a file.",
  file: "Put the secret alone into this file, readable by the program's account only (chmod 600).",
  absent: "Name it in the configuration as {env: NAME} or {file: PATH}, or pass it with -vp where that applies.",
};

async function readIn(source: Source): Promise<{ value?: string | undefined; where: string }> {
  switch (source.kind) {
    case "env":
      return { value: filledIn(source.env[source.name]), where: `environment variable ${source.name} is not set` };
    case "absent":
      return { where: `configuration has no ${source.key}` };
    case "file":
      return readFromFile(source.path);
  }
}

async function readFromFile(path: string): Promise<{ value?: string; where: string }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { where: `${path} is not a file` };
    if (found.size > LARGEST_FILE) return { where: `${path} is larger than 64 KiB, so it is no secret` };
    // An editor's line end is not part of it.
    return { value: (await readFile(path, "utf8")).replace(/\r?\n$/, ""), where: `${path} is empty` };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "error";
    if (code === "EMFILE" || code === "ENFILE") throw noDescriptors(path, cause);
    return { where: `${path} cannot be read (${code})` };
  }
}

/** The secret may well be there: nothing can be opened just now. */
const noDescriptors = (path: string, cause: unknown): PrepError =>
  new PrepError("INTERNAL", "This process has as many files and connections open as it may.", {
    found: { file: path },
    hint: "Try again in a moment; if it stays so, raise the limit (ulimit -n) for the program.",
    retryable: true,
    cause,
  });

/** A desktop client hands on its own placeholder for what the user left empty (mcpb 2.1.2): that is no secret. */
const filledIn = (value: string | undefined): string | undefined =>
  value !== undefined && /^\$\{user_config\.\w+\}$/.test(value) ? undefined : value;
