/** Under which account this process runs, and who had signed in before it came to be so. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry in the user database, as in some containers.
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}

export interface Login {
  readonly name: string;
  /** `kernel`: kept since the sign-in, and not for an account to change. `sudo`: as its variable says, which can be set. */
  readonly by: "kernel" | "sudo";
}

/** What the kernel says where nobody signed in. */
const NOBODY = 4_294_967_295;

/** The account that signed in, where it is not the one that the process has now. */
export function loginBehind(env: Readonly<Record<string, string | undefined>>): Login | undefined {
  const kept = keptByKernel();
  const said = env["SUDO_USER"];
  const login: Login | undefined =
    kept !== undefined ? { name: kept, by: "kernel" } : said ? { name: said, by: "sudo" } : undefined;
  return login?.name === osUser() ? undefined : login;
}

function keptByKernel(): string | undefined {
  try {
    const uid = Number(readFileSync("/proc/self/loginuid", "utf8"));
    if (uid === NOBODY || Number.isNaN(uid)) return undefined;
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((text) => text.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? `uid-${uid}`;
  } catch {
    return undefined;
  }
}
