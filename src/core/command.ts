/** The exact command that does what a plan does: names resolved, shell-quoted, no secrets. */
import { quote } from "shell-quote";
import type { Request } from "./request.ts";
import type { Mode } from "./views.ts";

export const MODE_FLAGS: Readonly<Record<Mode, string>> = {
  automated_testing: "-A",
  maintenance: "-M",
  register: "-R",
  unregister: "-U",
  rollback: "-rvgd",
};

// shell-quote also escapes what no shell reads as anything but itself, such as the colon of an address.
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote([word]));

/** Words as a shell reads them back. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(" ");

/** `atvm_prep -A -n LUN -s SNAPSHOT -c CLIENT -vi VCENTER -e HOST`, with every option that changes the plan. */
export function renderCommand(request: Request, snapshot: string | undefined, vcenter: string): string {
  const words = [
    "atvm_prep",
    MODE_FLAGS[request.mode],
    "-n",
    request.lun,
    ...(snapshot === undefined ? [] : ["-s", snapshot]),
    "-c",
    request.client,
    "-vi",
    vcenter,
    "-e",
    request.host,
    ...(request.registerVms ? ["--register_vms"] : []),
    ...(request.keepClone ? ["--keep_clone"] : []),
    ...(request.forcePowerOff ? ["--force_power_off"] : []),
  ];
  return commandLine(words);
}
