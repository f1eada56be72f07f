/**
 * Stands in for the site's `atvm_prep.py`: takes its flags, asks its questions, prints and logs as it goes, and changes the
 * array and vCenter for real, by way of this program's own steps with the configuration that its settings file names. How
 * it behaves otherwise, the settings file says: its first argument.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";

const settings = z.object({
  /** What carries the work out: a configuration with `engine: steps`. */
  config: z.string(),
  log: z.string(),
  /** Where each argument vector is noted, a JSON line each. */
  calls: z.string(),
  behaviour: z.enum([
    "works",
    "fails",
    "hangs",
    "hangs on",
    "dies half-way",
    "asks something else",
    "asks twice",
    "asks without a mark",
    "does nothing",
  ]),
});
const [file = "", ...words] = process.argv.slice(2);
const { config, log, calls, behaviour } = settings.parse(JSON.parse(readFileSync(file, "utf8")));

appendFileSync(calls, `${JSON.stringify(words)}\n`);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
  appendFileSync(log, `${new Date().toISOString()} ${line}\n`);
};
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** As Python's input() does: the question on standard output, without a line's end. */
async function ask(question: string): Promise<string> {
  process.stdout.write(question);
  const { value } = await answers.next();
  if (value === undefined) {
    say("EOFError: EOF when reading a line");
    process.exit(1);
  }
  return value;
}
const product = (...argv: string[]): number => {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv, "--config", config], {
    encoding: "utf8",
  });
  for (const line of `${stdout}${stderr}`.split("\n").slice(0, 12)) if (line.trim() !== "") say(line);
  return status ?? 1;
};
/** The request, without what only the script is told. */
const request = words.filter((word, index) => {
  const told = ["-vi", "-vu", "-vp"];
  return !told.includes(word) && !told.includes(words[index - 1] ?? "");
});

say(`start ${request.join(" ")}`);
if (behaviour === "asks something else") await ask("\u001b[1mErase the whole array? [y/n]:\u001b[0m ");
if (behaviour === "asks without a mark") await ask("Which pool is to be used? ");
if ((await ask("Do you want to continue with this command? [y/n]: ")) !== "y") {
  say("aborted");
  process.exit(1);
}
if (behaviour === "asks twice") await ask("Do you want to continue with this command? [y/n]: ");
if ((await ask("Power off the VMs of CDS1-ESX165? (y/n) ")) !== "y") process.exit(1);
const work = (): void => {
  const approval = request[0] === "-rvgd" ? ["--yes-rollback", "AutomatedTest-VMBootImg-Gold"] : ["--yes"];
  const code = product(...request, ...approval);
  say(code === 0 ? "done" : `failed with ${code}`);
  process.exit(code);
};
const hang = (): void => {
  say("waiting for the array");
  setInterval(() => undefined, 60_000);
};
const END: Readonly<Record<typeof behaviour, () => void>> = {
  works: work,
  "asks something else": work,
  "asks twice": work,
  "asks without a mark": work,
  fails: () => {
    say("ERROR: the array said no; password=not-the-real-one");
    process.exit(3);
  },
  hangs: hang,
  "hangs on": () => {
    process.on("SIGTERM", () => say("not now"));
    hang();
  },
  "dies half-way": () => {
    const unregister = request.slice(1).filter((word, index, all) => word !== "-s" && all[index - 1] !== "-s");
    product("-U", ...unregister, "--yes");
    process.kill(process.pid, "SIGKILL");
  },
  "does nothing": () => {
    say("done");
    process.exit(0);
  },
};
END[behaviour]();
