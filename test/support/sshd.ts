/** A real sshd on a free port of loopback, with keys of its own, as this very account; and the ssh configuration to reach it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port.ts";

const SSHD = "/usr/sbin/sshd";
/** `.ci/run` installs it (openssh-server); where it is missing, what needs it is skipped and says so. */
export const hasSshd = existsSync(SSHD);

export interface Sshd {
  /** The file for `ssh -F`; the destination is `controller`. */
  readonly config: string;
  readonly destination: "controller";
  /** What follows `command=` for the one key; without it, the key may run anything. */
  force(command: string | undefined): Promise<void>;
  /** Cuts every connection, as a lost network does. */
  cut(): void;
  stop(): Promise<void>;
}

/** `folder` is the test's own, and goes with it. `authorizedKeys`: a file that somebody else writes. */
export async function startSshd(folder: string, authorizedKeys = join(folder, "authorized_keys")): Promise<Sshd> {
  const at = (name: string): string => join(folder, name);
  await mkdir(folder, { recursive: true });
  for (const key of ["host", "id"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(key)]);
  const publicKey = await readFile(at("id.pub"), "utf8");
  const force = async (command: string | undefined): Promise<void> => {
    const options = command === undefined ? "" : `restrict,command=${JSON.stringify(command)} `;
    await writeFile(at("authorized_keys"), `${options}${publicKey}`, { mode: 0o600 });
  };
  await force(undefined);
  const port = await freePort();
  // Started by root, sshd wants this folder; packages make it at boot only.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
  await writeFile(
    at("sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at("host")}`,
      `AuthorizedKeysFile ${authorizedKeys}`,
      "PidFile none",
      // The folder is below the world-writable one for temporary files.
      "StrictModes no",
      // An account that was made without a password counts as locked, unless PAM is asked.
      `UsePAM ${authorizedKeys.startsWith(folder) ? "no" : "yes"}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "",
    ].join("\n"),
  );
  await writeFile(at("known_hosts"), `[127.0.0.1]:${port} ${await readFile(at("host.pub"), "utf8")}`);
  await writeFile(
    at("config"),
    [
      "Host controller",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  IdentityFile ${at("id")}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${at("known_hosts")}`,
      "  StrictHostKeyChecking yes",
      "",
    ].join("\n"),
  );
  const child = spawn(SSHD, ["-D", "-e", "-f", at("sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const lines = createInterface({ input: child.stderr });
  await new Promise<void>((resolve, reject) => {
    const said: string[] = [];
    lines.on("line", (line) => {
      said.push(line);
      if (line.startsWith("Server listening")) resolve();
    });
    child.once("exit", () => reject(new Error(`sshd ended: ${said.join("; ")}`)));
  });
  const connections = (): string[] => {
    try {
      return execFileSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" })
        .split("\n")
        .filter(Boolean);
    } catch {
      return [];
    }
  };
  return {
    config: at("config"),
    destination: "controller",
    force,
    cut: () => {
      for (const pid of connections()) process.kill(Number(pid), "SIGKILL");
    },
    stop: async () => {
      for (const pid of connections()) process.kill(Number(pid), "SIGKILL");
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}
