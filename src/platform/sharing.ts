/** Which accounts besides its owner can read a file, or what lies in a folder. */
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** `group`: the accounts of the group named; `everyone`: all of this machine. root, which can read all, does not count. */
export type Readers =
  | { readonly kind: "owner" }
  | { readonly kind: "group"; readonly group: string; readonly members: readonly string[] }
  | { readonly kind: "everyone" };

const GROUP = 0o040;
const OTHERS = 0o004;
/** Nothing below a folder can be reached without the right to pass through it. */
const PASS: Readonly<Record<number, number>> = { [GROUP]: 0o010, [OTHERS]: 0o001 };

/**
 * By the modes of the file and of every folder above it. A group without other members than the owner is the owner.
 * Access lists and other file systems' own rules are not known here. Errors: those of `stat`.
 */
export async function readersOf(path: string): Promise<Readers> {
  const { mode, gid, uid } = await stat(path);
  const above = await Promise.all(foldersAbove(path).map(async (folder) => stat(folder)));
  const canPass = (right: number): boolean =>
    above.every((folder) => {
      // Whoever is in the file's group passes a folder of that group by its group's rights, any other by those of others.
      const asMember = right === GROUP && folder.gid === gid ? (PASS[GROUP] ?? 0) : (PASS[OTHERS] ?? 0);
      return (folder.mode & asMember) !== 0;
    });
  if ((mode & OTHERS) !== 0 && canPass(OTHERS)) return { kind: "everyone" };
  if ((mode & GROUP) === 0 || !canPass(GROUP)) return { kind: "owner" };
  const group = await groupOf(gid, uid);
  return group.members.length === 0 ? { kind: "owner" } : { kind: "group", ...group };
}

function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let here = dirname(resolve(path)); ; here = dirname(here)) {
    above.push(here);
    if (dirname(here) === here) return above;
  }
}

/** The group's name and its members but the owner, from the machine's own files; what they do not list has its number. */
async function groupOf(gid: number, owner: number): Promise<{ group: string; members: string[] }> {
  const [groups, accounts] = await Promise.all(["/etc/group", "/etc/passwd"].map(linesOf));
  const line = groups?.find(([, , id]) => id === String(gid));
  if (line === undefined) return { group: String(gid), members: ["unknown"] };
  const named = (line[3] ?? "").split(",").filter((name) => name !== "");
  const primary = (accounts ?? []).filter(([, , , id]) => id === String(gid)).map(([name]) => name ?? "");
  const ownName = accounts?.find(([, , id]) => id === String(owner))?.[0];
  const members = [...new Set([...named, ...primary])].filter((name) => name !== ownName && name !== "root");
  return { group: line[0] ?? String(gid), members };
}

async function linesOf(path: string): Promise<string[][]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").map((line) => line.split(":"));
}

/** Completes "can be read by …". */
export function describeReaders(readers: Readers): string {
  switch (readers.kind) {
    case "owner":
      return "its owner alone";
    case "group":
      return `the group ${readers.group} (${readers.members.slice(0, 8).join(", ")})`;
    case "everyone":
      return "every account of this machine";
  }
}
