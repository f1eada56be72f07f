import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { COMPUTE_MIGRATION_GOLD, GOLD, GOLD_2 } from "./world/scenario-parts.ts";

/** The JSON line that the lab prints when it is ready. */
export interface LabInfo {
  /** The array, whichever kind it is. */
  dgs: { url: string; username: string; password: string };
  vcenter: { url: string; username: string; password: string; thumbprint: string };
  control: { url: string };
  /** Absolute path; only with `writeConfig`. */
  config?: string;
}

/**
 * Writes a complete configuration for a running lab, and beside it the secrets (readable by this account alone), the
 * place of the store and the log. Everything else is named by absolute path. Returns the file's absolute path.
 */
export async function writeConfig(
  file: string,
  lab: {
    info: Omit<LabInfo, "config">;
    pairs: readonly { client: string; host: string }[];
    array: { kind: string; settings?: object };
    /** How the array calls a volume. */
    nameOf(name: string): string;
  },
): Promise<string> {
  const path = resolve(file);
  const directory = dirname(path);
  const stem = join(directory, basename(path, extname(path)));
  const { dgs: array, vcenter } = lab.info;
  const { nameOf } = lab;
  await mkdir(directory, { recursive: true });
  const secrets = { array: `${stem}.array-password`, vcenter: `${stem}.vcenter-password` };
  await refuseOthersFiles(path, Object.values(secrets));
  await writeSecret(secrets.array, array.password);
  await writeSecret(secrets.vcenter, vcenter.password);
  const tls = { thumbprint: vcenter.thumbprint };
  const config = {
    array: {
      kind: lab.array.kind,
      url: array.url,
      username: array.username,
      password: { file: secrets.array },
      tls,
      ...(lab.array.settings === undefined ? {} : { settings: lab.array.settings }),
    },
    vcenter: {
      address: new URL(vcenter.url).host,
      username: vcenter.username,
      password: { file: secrets.vcenter },
      tls,
    },
    // The lab is on this machine, whatever proxy the environment names.
    proxy: "none",
    pairs: lab.pairs,
    defaults: { client: "CDS1-ESX165", host: "192.168.1.165" },
    luns: { Gold: nameOf(GOLD), Gold2: nameOf(GOLD_2), ComputeMigration: nameOf(COMPUTE_MIGRATION_GOLD) },
    approval: { default: "token", rollback: "human", cli: "allow" },
    store: { sqlite: `${stem}.sqlite` },
    log: { dir: `${stem}-log`, level: "info" },
  };
  await writeFile(path, `${MARK}\n${stringify(config, { aliasDuplicateObjects: false })}`, { mode: 0o600 });
  return path;
}

/** The first line of what the lab writes. */
const MARK = "# Written by the lab, which writes it anew at each start.";

/** A configuration of a site, or a secret beside it, is never written over. Errors: `RangeError`. */
async function refuseOthersFiles(config: string, secrets: readonly string[]): Promise<void> {
  const text = await readFile(config, "utf8").catch((thrown: unknown) => {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  });
  if (text?.startsWith(`${MARK}\n`)) return;
  const there = text === undefined ? secrets.filter((path) => existsSync(path)) : [config];
  if (there.length === 0) return;
  throw new RangeError(`${there.join(" and ")} was not written by the lab, and is left as it is: name another file.`);
}

async function writeSecret(path: string, secret: string): Promise<void> {
  await writeFile(path, secret, { mode: 0o600 });
  // The mode given to writeFile counts for a new file only.
  await chmod(path, 0o600);
}
