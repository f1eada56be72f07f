/** A request as the command that makes its plan: names resolved, shell-quoted, no secrets. The Python script takes the same words. */
import { commandLine } from "../core/domain/command-line.ts";
import { traitsOf } from "../core/domain/modes.ts";
import type { Request } from "../core/request/request.ts";

/** A value that begins with a dash would be taken for a flag unless it stands with its own. */
const option = (short: string, long: string, value: string): string[] =>
  value.startsWith("-") ? [`${long}=${value}`] : [short, value];

/** The mode's shortest flag, with the name that it takes. */
function modeFlag({ mode, newSnapshot }: Request): string[] {
  const { short, long } = traitsOf(mode).flag;
  const flag = short === undefined ? `--${long}` : `-${short}`;
  return newSnapshot === undefined ? [flag] : option(flag, flag, newSnapshot);
}

/** `-A -n LUN -s SNAPSHOT -c CLIENT -vi VCENTER -e HOST`, with every option that changes the plan. */
export const commandWords = (request: Request, snapshot: string | undefined, vcenter: string): string[] => [
  ...modeFlag(request),
  ...option("-n", "--dgs_lun_name", request.lun),
  ...(snapshot === undefined ? [] : option("-s", "--snapshot_name", snapshot)),
  ...option("-c", "--client_name", request.client),
  "-vi",
  vcenter,
  ...option("-e", "--esx_host_ip", request.host),
  ...(request.registerVms ? ["--register_vms"] : []),
  ...(request.keepClone ? ["--keep_clone"] : []),
  ...(request.forcePowerOff ? ["--force_power_off"] : []),
  ...(request.releaseFirst ? ["--release_first"] : []),
  ...(request.crashConsistent ? ["--crash_consistent"] : []),
];

/** The same behind `atvm_prep`, as one line. */
export const renderCommand = (request: Request, snapshot: string | undefined, vcenter: string): string =>
  commandLine(["atvm_prep", ...commandWords(request, snapshot, vcenter)]);
