/** Debian's tinyproxy on a free port of loopback: a CONNECT proxy that nobody here wrote. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ConnectProxy } from "./connect-proxy.ts";
import { freePort } from "./free-port.ts";

const TINYPROXY = "/usr/bin/tinyproxy";
/** `.ci/run` installs it; where it is missing, what needs it is skipped and says so. */
export const hasTinyproxy = existsSync(TINYPROXY);

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket
      .once("error", () => resolve(false))
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      });
  });

/** Stopped when the test ends; its configuration and log are in `folder`. It wants this account and password. */
export async function tinyproxy(folder: string, account: string, password: string): Promise<ConnectProxy> {
  const port = await freePort();
  const file = join(folder, "tinyproxy.conf");
  const log = join(folder, "tinyproxy.log");
  const settings = [
    `Port ${port}`,
    "Listen 127.0.0.1",
    "Allow 127.0.0.1",
    `BasicAuth ${account} ${password}`,
    "Timeout 60",
    `LogFile "${log}"`,
    "LogLevel Connect",
  ];
  await writeFile(file, `${settings.join("\n")}\n`);
  const child = spawn(TINYPROXY, ["-d", "-c", file], { stdio: "ignore" });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  while (!(await answers(port))) if (child.exitCode !== null) throw new Error(`tinyproxy ended with ${child.exitCode}`);
  return {
    url: `http://127.0.0.1:${port}`,
    get asked() {
      return Array.from(readFileSync(log, "utf8").matchAll(/CONNECT (\S+) HTTP/g), ([, host = ""]) => host);
    },
  };
}
