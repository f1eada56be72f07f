/** What the walks share: the commands of a page, as a reader would run them, and nothing that the page does not say. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Every `sh` block of a page in its order, with the page's own settings (`NAME=value` lines) replaced by these. */
export function commandsOf(page: string, settings: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(page, "utf8");
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const open = new Set(Object.keys(settings));
  const commands = blocks.join("\n").replaceAll(/^([A-Z_]+)=\S*(?=\s|$)/gm, (line, name: string) => {
    const value = settings[name];
    if (value === undefined) return line;
    open.delete(name);
    return `${name}='${value}'`;
  });
  if (open.size > 0) throw new Error(`${page} has no setting ${[...open].join(", ")}`);
  return commands;
}

/** Runs them in one shell that ends at the first command that fails. What this process serves goes on beside it. */
export async function walk(
  commands: string,
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): Promise<void> {
  const shell = spawn("bash", ["-euo", "pipefail", "-x", "-c", commands], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [status] = await once(shell, "close");
  if (status !== 0) throw new Error(`the walk ended with ${status}`);
}
