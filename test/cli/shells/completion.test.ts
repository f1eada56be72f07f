/** Completion and the man page, by the shells and by man themselves. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const has = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;

let folder: string;
let env: Record<string, string | undefined>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "atvm-shells-"));
  const program = join(folder, "atvm_prep");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${resolve("src/main.ts")}" "$@"\n`);
  chmodSync(program, 0o755);
  writeFileSync(
    join(folder, "atvm.config.yaml"),
    "array: {kind: dgs, url: 'https://127.0.0.1:9', username: u, password: {file: p}}\nvcenter: {}\nstore: {sqlite: s.db}\n",
  );
  env = { ...process.env, HOME: folder, PATH: `${folder}${delimiter}${process.env["PATH"]}` };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the shell offers after these words; the last one is being written. */
const SHELLS = {
  bash: (words: readonly string[]) => [
    "-c",
    `source <(atvm_prep completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _atvm_prep; printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
    ...words,
  ],
  // compadd works within zsh's editor only: it is watched instead.
  zsh: (words: readonly string[]) => [
    "-fc",
    `compdef() { : }; compadd() { print -l -- \${(M)found:#$words[CURRENT]*} }; eval "$(atvm_prep completion zsh)"; words=("$@"); CURRENT=$#; _atvm_prep`,
    "zsh",
    ...words,
  ],
  fish: (words: readonly string[]) => [
    "--no-config",
    "-c",
    `atvm_prep completion fish | source; complete -C "${words.join(" ")}"`,
  ],
} as const;

describe.each(Object.entries(SHELLS))("completion for %s", { timeout: 120_000 }, (shell, lineOf) => {
  const offered = (...words: string[]): string[] =>
    execFileSync(shell, [...lineOf(["atvm_prep", ...words])], { encoding: "utf8", env, cwd: folder })
      .split("\n")
      .map((line) => line.split("\t")[0] ?? "")
      .filter((line) => line !== "");

  it.skipIf(!has(shell))("offers commands, flags, and the names that the configuration has", () => {
    expect(offered("run", "")).toEqual(expect.arrayContaining(["cancel", "resume", "show", "watch"]));
    expect(offered("ru")).toEqual(expect.arrayContaining(["run", "runs"]));
    expect(offered("-A", "-n", "Gold")).toEqual(expect.arrayContaining(["Gold", "Gold2"]));
    expect(offered("-A", "--rel")).toEqual(expect.arrayContaining(["--release", "--release_first"]));
    expect(offered("client-config", "c")).toEqual(expect.arrayContaining(["claude-code", "codex", "cursor"]));
  });
});

describe("the man page", () => {
  it.skipIf(!has("man"))("is one that man shows without a complaint", () => {
    const { stdout, stderr } = spawnSync("man", ["--warnings", "-l", resolve("man/atvm_prep.1")], {
      encoding: "utf8",
      env: { ...process.env, MANPAGER: "cat", GROFF_NO_SGR: "", MANWIDTH: "100", LC_ALL: "C.UTF-8" },
    });
    expect(stderr).toBe("");
    expect(stdout).toContain("--automated_testing");
  });
});
