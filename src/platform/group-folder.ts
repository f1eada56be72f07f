/** A folder that the accounts of one group share: what is made in it later is theirs by itself (`private-dir.ts`). */
import { chmodSync, chownSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PrepError } from "../core/domain/errors.ts";
import { isOfGroup, makePrivateDir } from "./private-dir.ts";

/** The number of a group of this machine. Errors: `CONFIG_INVALID`. */
export function groupNumber(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .map((text) => text.split(":"))
    .find(([name]) => name === group);
  if (line?.[2] !== undefined) return Number(line[2]);
  throw new PrepError("CONFIG_INVALID", `store.group names ${group}, which is no group of this machine.`, {
    found: { group },
    hint: `Make it (groupadd ${group}), or name a group by its number where it comes from a directory.`,
  });
}

/**
 * Makes the folder the group's, with what an earlier configuration left in it; nothing where it is so already.
 * Errors: `CONFIG_INVALID`, with the commands, where this account may not.
 */
export function shareFolder(dir: string, group: string): void {
  const gid = groupNumber(group);
  try {
    makePrivateDir(dir);
    if (statSync(dir).gid === gid && isOfGroup(dir)) return;
    giveTo(dir, gid);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && (cause.code === "EPERM" || cause.code === "EACCES")))
      throw cause;
    throw new PrepError("CONFIG_INVALID", `${dir} cannot be given to the group ${group} by this account.`, {
      found: { dir, group },
      hint: `Run once as root: mkdir -p ${dir} && chgrp -R ${group} ${dir} && chmod -R ug+rwX,o= ${dir} && find ${dir} -type d -exec chmod g+s {} +`,
      cause,
    });
  }
}

/** The files first: with the folder, everything is done. */
function giveTo(dir: string, gid: number): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) giveTo(path, gid);
    else if (entry.isFile()) {
      chownSync(path, -1, gid);
      chmodSync(path, 0o660);
    }
  }
  chownSync(dir, -1, gid);
  chmodSync(dir, 0o2770);
}
