/** The script over ssh: OpenSSH's own client, with the site's own configuration of it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { quote } from "shell-quote";
import { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Clock } from "../core/ports/runtime.ts";
import { captured, endOf, type Place, type ProcessEnd } from "./process.ts";

export interface SshOptions {
  /** As ssh takes it: `USER@HOST`, or a name from its configuration. */
  readonly destination: string;
  /** A configuration file of ssh's own in place of the account's. */
  readonly config?: string | undefined;
  readonly clock: Clock;
  /** How long a connection may take until the script can be started. */
  readonly connectMs: number;
}

/**
 * What the login shell is given. It says that it is there and waits for a line, so that a connection that breaks before
 * that line was sent has started nothing. The line carries the password: so it stands in the script's own argument vector
 * alone, as its flags demand, and in no other process's.
 */
const STARTER = 'echo "atvm_prep: ready $$"; IFS= read -r line || exit 125; exec env PYTHONUNBUFFERED=1 "$@"';
const STARTER_WITH_PASSWORD = `${STARTER} -vp "$line"`;

export function overSsh(options: SshOptions): Place {
  const ssh = (words: readonly string[]): string[] => [
    ...(options.config === undefined ? [] : ["-F", options.config]),
    // No terminal, no question, and a broken line is noticed.
    ...["-T", "-o", "BatchMode=yes", "-o", `ConnectTimeout=${Math.ceil(options.connectMs / 1000)}`],
    ...["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"],
    // ssh joins the words for the login shell there: quoted, that shell gives back exactly these.
    ...["--", options.destination, quote([...words])],
  ];
  const capture: Place["capture"] = async (words) => {
    const { code, out, err } = await captured("ssh", ssh(words));
    if (code === 255) throw unreachable(options, err);
    return { code, out };
  };
  return {
    isLocal: false,
    capture,
    async start(words, password) {
      const starter = password === undefined ? STARTER : STARTER_WITH_PASSWORD;
      const child = spawn("ssh", ssh(["sh", "-c", starter, "atvm_prep", ...words]), {
        stdio: ["pipe", "pipe", "pipe"],
      });
      const ended = endOf(child);
      let complaint = "";
      const complain = (chunk: Buffer): void => {
        complaint += chunk.toString();
      };
      child.stderr.on("data", complain);
      try {
        await once(child, "spawn");
      } catch (cause) {
        throw unreachable(options, "ssh could not be started", cause);
      }
      const over = new AbortController();
      const pid = await Promise.race([
        readyLine(child.stdout),
        ended.then(() => undefined),
        options.clock.sleep(2 * options.connectMs, over.signal).then(() => undefined),
      ]).finally(() => over.abort());
      if (pid === undefined) {
        child.kill();
        throw unreachable(options, complaint);
      }
      child.stderr.off("data", complain);
      child.stdin.write(`${password ?? ""}\n`);
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended: ended.then(({ code }): ProcessEnd => ({ code, signal: null })),
        // The connection is no terminal: closing it would leave the script running.
        kill: async (signal) => {
          await capture(["kill", `-${signal.slice("SIG".length)}`, pid]).catch(() => undefined);
        },
      };
    },
  };
}

/** The starter's process id, read from its line; what came after it stays in the stream, what a login prints before it does not. */
const readyLine = (stdout: Readable): Promise<string> =>
  new Promise((resolve) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      const found = /^atvm_prep: ready (\d+)\n/m.exec(text);
      if (found?.[1] === undefined) return;
      stdout.off("data", onData).pause();
      const rest = text.slice(found.index + found[0].length);
      if (rest !== "") stdout.unshift(Buffer.from(rest));
      resolve(found[1]);
    };
    stdout.on("data", onData);
  });

function unreachable({ destination }: SshOptions, complaint: string, cause?: unknown): PrepError {
  const last = complaint.trim().split("\n").at(-1) ?? "";
  return new PrepError(
    "UNREACHABLE",
    `${safeText(destination)} cannot be reached over ssh${last === "" ? "" : `: ${safeText(last, 200)}`}.`,
    {
      hint: "Nothing was run. Try `ssh -o BatchMode=yes` to it as the account that runs this program.",
      cause,
    },
  );
}
