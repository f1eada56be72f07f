import { chmod, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { COMPUTE_MIGRATION_GOLD, GOLD, GOLD_2 } from "./world/scenario-parts.ts";

/** The JSON line that the lab prints when it is ready. */
export interface LabInfo {
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
    /** For an array with another interface than DGS's: its driver, and how it calls its volumes. */
    driver?: { name: string; settings: object; nameOf(name: string): string };
  },
): Promise<string> {
  const path = resolve(file);
  const directory = dirname(path);
  const stem = join(directory, basename(path, extname(path)));
  const { dgs, vcenter } = lab.info;
  const nameOf = lab.driver?.nameOf ?? ((name: string) => name);
  await mkdir(directory, { recursive: true });
  const secrets = { dgs: `${stem}.dgs-password`, vcenter: `${stem}.vcenter-password` };
  await writeSecret(secrets.dgs, dgs.password);
  await writeSecret(secrets.vcenter, vcenter.password);
  const tls = { thumbprint: vcenter.thumbprint };
  const config = {
    dgs: {
      url: dgs.url,
      username: dgs.username,
      password: { file: secrets.dgs },
      tls,
      ...(lab.driver === undefined ? {} : { driver: lab.driver.name, settings: lab.driver.settings }),
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
  await writeFile(path, stringify(config, { aliasDuplicateObjects: false }), { mode: 0o600 });
  return path;
}

async function writeSecret(path: string, secret: string): Promise<void> {
  await writeFile(path, secret, { mode: 0o600 });
  // The mode given to writeFile counts for a new file only.
  await chmod(path, 0o600);
}
