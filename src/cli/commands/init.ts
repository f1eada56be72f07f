/** `atvm_prep init [FILE]`: a configuration to start from, tried on the systems while it is being made. */
import { access, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { parse } from "yaml";
import { type Config, resolveConfig } from "../../config/config.ts";
import { proposeShorthand } from "../../config/propose.ts";
import { asPrepError, PrepError } from "../../core/domain/errors.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import { silentLog } from "../../logging/log.ts";
import { presentedBy, surveyArray, surveyVcenter } from "../../systems/survey.ts";
import { presentError, wordingFor } from "../../text/index.ts";
import type { InitFlags } from "../args/init-flags.ts";
import type { Context } from "../context.ts";
import { Interrupted } from "../terminal/interrupted.ts";
import { type Io, isInteractive, printErr, printOut } from "../terminal/io.ts";
import { askText, askYes } from "../terminal/questions.ts";
import {
  EXAMPLE_ANSWERS,
  type SecretReference,
  type StarterAnswers,
  starterConfig,
  type TrustAnswer,
} from "./starter-config.ts";

/**
 * Asks and tries on a terminal; with `--yes` goes by flags alone; without either it writes an example to fill in. Never
 * overwrites, and writes nothing before everything was answered. Errors: `BAD_REQUEST`, and what the systems answered.
 */
export async function init(file: string | undefined, flags: InitFlags, { io, config, json }: Context): Promise<number> {
  const path = resolve(io.cwd, file ?? config ?? "atvm.config.yaml");
  if (await exists(path)) throw notOver(path);
  const { yes, ...answered } = flags;
  const attended = !yes && isInteractive(io);
  if (!yes && !attended && Object.values(answered).some((answer) => answer !== undefined)) {
    throw new PrepError("BAD_REQUEST", "There is no terminal to ask the rest on. Nothing was written.", {
      hint: "Add --yes to go by the flags alone.",
    });
  }
  const answers = yes || attended ? await new Survey(io, path, answered, attended).run() : EXAMPLE_ANSWERS;
  const text = starterConfig(answers);
  await resolveConfig(parse(text), { where: path, baseDir: dirname(path), env: io.env });
  await writeFile(path, text, { flag: "wx", mode: 0o640 }).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") throw notOver(path, cause);
    throw new PrepError("BAD_REQUEST", `${path} cannot be written.`, {
      hint: "Name another file: `atvm_prep init FILE`.",
      cause,
    });
  });
  if (json) printOut(io, JSON.stringify({ file: path }));
  const fill =
    answers === EXAMPLE_ANSWERS
      ? " Fill in the addresses, put the two passwords into files that only you can read, then"
      : " Now";
  const check = wordingFor("terminal", { config: path, program: io.program }).line("doctor");
  printErr(io, `Wrote ${path}.${fill}: \`${check}\``);
  return 0;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const notOver = (path: string, cause?: unknown): PrepError =>
  new PrepError("BAD_REQUEST", `${path} exists already, and is left as it is.`, {
    hint: "Name another file: `atvm_prep init FILE`.",
    cause,
  });

type Answered = Omit<InitFlags, "yes">;

interface SystemAnswers {
  readonly address: string;
  readonly username: string;
  readonly password: SecretReference;
  readonly tls: TrustAnswer;
}

/** The two systems as questions and flags name them. */
const SYSTEMS = {
  array: {
    name: "the array",
    address: "Address of the array's interface, such as https://array.example.net",
    flag: "array",
    secret: "array.password",
  },
  vcenter: { name: "vCenter", address: "Address of vCenter", flag: "vcenter", secret: "vcenter.password" },
} as const;
type System = keyof typeof SYSTEMS;

class Survey {
  readonly #io: Io;
  readonly #path: string;
  readonly #attended: boolean;
  /** Flags, and what was answered; an answer that did not do is asked for again, and proposed. */
  #given: Answered;

  constructor(io: Io, path: string, given: Answered, attended: boolean) {
    this.#io = io;
    this.#path = path;
    this.#given = given;
    this.#attended = attended;
  }

  async run(): Promise<StarterAnswers> {
    const array = await this.#untilItWorks("array", (answers) => this.#tryArray(answers));
    const addresses = array.found.clients.map(({ hostAddress }) => hostAddress);
    const vcenter = await this.#untilItWorks("vcenter", (answers) =>
      this.#tryVcenter(array.answers, answers, addresses),
    );
    const pairs = oneToOne(
      array.found.clients.flatMap(({ name, hostAddress }) => {
        const host = vcenter.found.get(hostAddress);
        return host === undefined ? [] : [{ client: name, host }];
      }),
    );
    const luns = proposeShorthand(array.found.golds);
    const config = await this.#draft(array.answers, vcenter.answers);
    const usual = config.store.kind === "sqlite" ? config.store.path : undefined;
    const store =
      this.#given.store ??
      (this.#attended ? await askText(this.#io, "File for plans, runs and the audit", usual) : usual);
    return {
      array: this.#arrayPart(array.answers),
      vcenter: vcenter.answers,
      ...(this.#given.proxy === undefined ? {} : { proxy: this.#given.proxy }),
      pairs: await this.#agreed("Client and host pairs", pairs, ({ client, host }) => `${client} = ${host}`),
      luns: Object.fromEntries(
        await this.#agreed("Shorthand for gold LUNs", Object.entries(luns), ([short, name]) => `${short}: ${name}`),
      ),
      ...(store === undefined ? {} : { store: resolve(this.#io.cwd, store) }),
    };
  }

  /** Asks for a system until it answers as it should. Unattended, the first refusal is the end. */
  async #untilItWorks<Found>(
    system: System,
    attempt: (answers: SystemAnswers) => Promise<Found>,
  ): Promise<{ answers: SystemAnswers; found: Found }> {
    let before: Partial<Record<"address" | "username" | "secret", string>> = {};
    for (let flagsCount = true; ; flagsCount = false) {
      const { name, address: question, flag, secret: usualSecret } = SYSTEMS[system];
      const ask = (text: string, flagName: keyof Answered, option: string, otherwise?: string): Promise<string> =>
        this.#answer(text, flagsCount ? this.#given[flagName] : undefined, option, otherwise);
      const address = await ask(question, system, `--${flag}`, before.address);
      const username = await ask(`Account on ${name}`, `${system}User`, `--${flag}-user`, before.username);
      const password = await this.#askSecret(system, flagsCount, before.secret ?? usualSecret);
      before = { address, username, secret: "env" in password ? `env:${password.env}` : password.file };
      try {
        const untrusted = { address, username, password, tls: undefined };
        const tls = await this.#settleTrust(system, untrusted, flagsCount);
        const answers = { ...untrusted, tls };
        const found = await attempt(answers);
        printErr(this.#io, `Signed in to ${name} as ${safeText(username)}.`);
        return { answers, found };
      } catch (thrown) {
        if (thrown instanceof Interrupted || !this.#attended) throw thrown;
        const { message, hint } = presentError(asPrepError(thrown), wordingFor("terminal"));
        printErr(this.#io, `${message}\n${hint}`);
        if (!(await askYes(this.#io, "Answer again?"))) throw thrown;
      }
    }
  }

  async #answer(question: string, given: string | undefined, option: string, otherwise?: string): Promise<string> {
    if (given !== undefined) return given;
    if (this.#attended) return askText(this.#io, question, otherwise);
    throw new PrepError("BAD_REQUEST", `${option} is missing. Nothing was written.`, {
      hint: "With --yes, address, account and the place of the password are flags: `atvm_prep init --help`.",
    });
  }

  /** Only where it is: the secret itself is never asked for. */
  async #askSecret(system: System, flagsCount: boolean, proposed: string): Promise<SecretReference> {
    const { name, flag } = SYSTEMS[system];
    const [file, env] = [this.#given[`${system}PasswordFile`], this.#given[`${system}PasswordEnv`]];
    if (flagsCount && env !== undefined) return { env };
    // A file that is named on a command line is relative to where that is typed; one in the configuration, to its folder.
    if (flagsCount && file !== undefined) return { file: this.#besideConfig(file) };
    const question = `File that holds the password of ${name}, or env:NAME`;
    const typed = await this.#answer(question, undefined, `--${flag}-password-file`, proposed);
    return typed.startsWith("env:") ? { env: typed.slice("env:".length) } : { file: typed };
  }

  #besideConfig(file: string): string {
    const absolute = resolve(this.#io.cwd, file);
    const inside = relative(dirname(this.#path), absolute);
    return inside.startsWith("..") || isAbsolute(inside) ? absolute : inside;
  }

  /** Shows what is presented, and has it pinned by a person or a flag. Errors: `CERTIFICATE_UNTRUSTED`. */
  async #settleTrust(system: System, answers: SystemAnswers, flagsCount: boolean): Promise<TrustAnswer> {
    const { name, flag } = SYSTEMS[system];
    const [thumbprint, ca] = [this.#given[`${system}Thumbprint`], this.#given[`${system}Ca`]];
    if (flagsCount && thumbprint !== undefined) return { thumbprint };
    if (flagsCount && ca !== undefined) return { ca: this.#besideConfig(ca) };
    const draft = await (system === "array" ? this.#draft(answers) : this.#draft(undefined, answers));
    const presented = await presentedBy(system === "array" ? "array" : "vCenter", draft);
    if (presented === undefined) return undefined;
    const shown = [
      `subject ${safeText(presented.subject)}`,
      `issuer  ${safeText(presented.issuer)}`,
      `valid until ${presented.validTo.toISOString()}`,
      `SHA-256 ${presented.thumbprint}`,
    ];
    printErr(this.#io, `${name} presents a certificate:\n  ${shown.join("\n  ")}`);
    if (presented.distrusted === undefined) {
      printErr(this.#io, "An authority that Node trusts vouches for it.");
      return undefined;
    }
    const pin = presented.thumbprint.replaceAll(":", "");
    if (!this.#attended) {
      throw new PrepError(
        "CERTIFICATE_UNTRUSTED",
        `No authority that Node trusts vouches for the certificate of ${name}.`,
        {
          found: { subject: safeText(presented.subject), thumbprint: presented.thumbprint },
          hint: `If it is the one that ${name} itself shows, add --${flag}-thumbprint ${pin}; or name its authority with --${flag}-ca FILE.`,
        },
      );
    }
    if (await askYes(this.#io, `Compare it with what ${name} itself shows. Is it the same, and is it to be pinned?`)) {
      return { thumbprint: pin };
    }
    return { ca: this.#besideConfig(await askText(this.#io, "File with the authority's certificate (PEM)")) };
  }

  #arrayPart({ address: url, ...account }: SystemAnswers): StarterAnswers["array"] {
    const { arrayKind: kind = EXAMPLE_ANSWERS.array.kind, arraySettings } = this.#given;
    return {
      kind,
      url,
      ...account,
      ...(arraySettings === undefined ? {} : { settings: namesAndValues(arraySettings) }),
    };
  }

  async #tryArray(answers: SystemAnswers) {
    return surveyArray(await this.#draft(answers), silentLog);
  }

  async #tryVcenter(array: SystemAnswers, answers: SystemAnswers, addresses: readonly string[]) {
    return surveyVcenter(await this.#draft(array, answers), silentLog, addresses);
  }

  /** The answers so far as a configuration. Errors: `CONFIG_INVALID`, for an answer that cannot be one. */
  #draft(array?: SystemAnswers, vcenter?: SystemAnswers): Promise<Config> {
    const unset = { address: "unset.invalid", username: "unset", password: { env: "UNSET" }, tls: undefined };
    const written = {
      array: this.#arrayPart(array ?? { ...unset, address: `https://${unset.address}` }),
      vcenter: vcenter ?? unset,
      pairs: [],
      luns: {},
    };
    const { proxy } = this.#given;
    const withProxy = proxy === undefined ? {} : { proxy: proxy === "none" ? proxy : { url: proxy } };
    return resolveConfig(
      { ...written, ...withProxy },
      { where: "What was answered", baseDir: dirname(this.#path), env: this.#io.env },
    );
  }

  /** The proposals, where the person takes them; unattended they are taken. */
  async #agreed<T>(what: string, proposals: readonly T[], line: (proposal: T) => string): Promise<readonly T[]> {
    if (proposals.length === 0) return proposals;
    printErr(this.#io, `${what}:\n  ${proposals.map((proposal) => safeText(line(proposal))).join("\n  ")}`);
    if (!this.#attended || (await askYes(this.#io, "Take these?"))) return proposals;
    return [];
  }
}

function namesAndValues(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new PrepError("BAD_REQUEST", "Option --array-settings has an invalid value. Nothing was written.", {
        hint: "Give names and values, such as --array-settings name=value,other=value.",
      });
    }),
  );
}

/** A client or host that stands twice belongs to no pair that could be proposed. */
const oneToOne = <T extends { readonly client: string; readonly host: string }>(pairs: readonly T[]): T[] =>
  pairs.filter(({ client, host }) => pairs.filter((pair) => pair.client === client || pair.host === host).length === 1);
