/** What the package exports as `atvm-prep/array-kit` (docs/driver.md): the contract, and a site's array as its configuration has it. */
import { dirname, resolve } from "node:path";
import type { ContractTarget } from "../array/kit.ts";
import { loadDriver } from "../array/load-driver.ts";
import { loadConfig } from "../config/load.ts";
import { silentLog } from "../logging/log.ts";
import { arrayOptions } from "./open-systems.ts";

export { arrayContract } from "../array/kit.ts";
export { silentLog } from "../logging/log.ts";
export { systemClock } from "../platform/clock.ts";

export interface SiteTarget extends Omit<ContractTarget, "driver" | "options" | "close"> {
  /** The configuration file. */
  readonly config: string;
}

/** The configured array under its driver. Errors: `CONFIG_INVALID`. */
export async function siteTarget({ config: named, ...target }: SiteTarget): Promise<ContractTarget> {
  const file = resolve(named);
  const config = await loadConfig({ file, env: process.env, cwd: process.cwd() });
  return {
    ...target,
    driver: await loadDriver(config.array.kind, dirname(file)),
    options: arrayOptions(config, silentLog),
  };
}
