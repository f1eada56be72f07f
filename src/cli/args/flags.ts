/**
 * The script's flags: one table, out of which come the parser's options, the help page and what was asked for.
 * Names, long and short, are the Python script's own.
 */
import * as z from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import { MODES, type Mode, traitsOf } from "../../core/domain/modes.ts";
import type { VcenterOverride } from "../../core/ports/runtime.ts";
import type { PrepInputs } from "../../core/request/request.ts";

export interface Flag {
  readonly short?: string;
  readonly long: string;
  /** What stands for its value in the help; a flag without one is a switch. */
  readonly value?: string;
  readonly text: string;
}

export const MODE_FLAGS: readonly (Flag & { readonly mode: Mode })[] = MODES.map((mode) => {
  const { flag, summary, takesSnapshot } = traitsOf(mode);
  return {
    mode,
    ...(flag.short === undefined ? {} : { short: `-${flag.short}` }),
    long: `--${flag.long}`,
    ...(takesSnapshot ? { value: "NAME" } : {}),
    text: summary,
  };
});

export const INPUT_FLAGS: readonly Flag[] = [
  {
    short: "-n",
    long: "--dgs_lun_name",
    value: "LUN",
    text: "gold LUN, by name or shorthand (Gold, Gold2, ComputeMigration)",
  },
  { short: "-s", long: "--snapshot_name", value: "SNAPSHOT", text: "snapshot (default: the latest by creation time)" },
  {
    short: "-c",
    long: "--client_name",
    value: "CLIENT",
    text: "client of the array (default: CDS1-ESX165, or the host's pair)",
  },
  { short: "-e", long: "--esx_host_ip", value: "IP", text: "ESXi host (default: 192.168.1.165, or the client's pair)" },
  {
    short: "-vi",
    long: "--vcenter_ip",
    value: "IP",
    text: "vCenter (default: the configured one; another needs -vu and -vp)",
  },
  { short: "-vu", long: "--vcenter_username", value: "USER", text: "vCenter user (default: from the configuration)" },
  {
    short: "-vp",
    long: "--vcenter_password",
    value: "PASSWORD",
    text: "vCenter password (default: from the configuration; here it shows in the process list)",
  },
];

export const OPTION_FLAGS: readonly Flag[] = [
  { long: "--register_vms", text: "after -A, -M, -rvgd: also register the VMs on the datastore" },
  { long: "--keep_clone", text: "unassign the old clone but do not delete it" },
  { long: "--force_power_off", text: "power off VMs on gold that do not shut down or have no guest tools" },
  { long: "--release_first", text: "-A, -M, -rvgd: take the old environment away before anything new is made" },
  { long: "--crash_consistent", text: "--take_snapshot: also while VMs on gold are running" },
  { long: "--reason", value: "TEXT", text: "why, shown to whoever approves and recorded in the audit" },
  { long: "--dry-run", text: "show the plan, discard it, and stop" },
  { long: "--yes", text: "answer the question with yes (not enough for a rollback)" },
  { long: "--yes-rollback", value: "NAME", text: "answer a rollback's question: NAME is the LUN's full name" },
  { long: "--foreground", text: "run in this process, and stop before the next step when the terminal is closed" },
  { long: "--json", text: "one JSON document on standard output, everything else on standard error" },
];

export const CONFIG_FLAG: Flag = {
  long: "--config",
  value: "FILE",
  text: "configuration file; before or after a command",
};

export const PREP_FLAGS: readonly Flag[] = [...MODE_FLAGS, ...INPUT_FLAGS, ...OPTION_FLAGS];

/** As it is typed: the parser calls `--dgs-port` `dgsPort`. */
export const optionName = (member: string): string =>
  `--${member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const text = z.string().optional();
const on = z.boolean().default(false);

/** What the parser hands over, under the flags' own names. */
const parsedFlags = z.looseObject({
  dgs_lun_name: text,
  snapshot_name: text,
  client_name: text,
  esx_host_ip: text,
  vcenter_ip: text,
  vcenter_username: text,
  vcenter_password: text,
  register_vms: on,
  keep_clone: on,
  force_power_off: on,
  release_first: on,
  take_snapshot: text,
  crash_consistent: on,
  reason: text,
  dryRun: on,
  yes: on,
  foreground: on,
  yesRollback: text,
  json: on,
  config: text,
});

/** One prep command, as asked for. */
export interface PrepCommand {
  readonly mode: Mode;
  readonly inputs: PrepInputs;
  /** `-vi`, `-vu`, `-vp` as given; what is missing comes from the configuration, if that may be. */
  readonly vcenter: { readonly [member in keyof VcenterOverride]?: string };
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** Absent: no. */
  readonly foreground?: boolean;
  readonly yesRollback?: string;
  readonly json: boolean;
  readonly config?: string;
}

/** `options` as the parser made them → the command; `BAD_REQUEST` unless there is exactly one mode and a LUN. */
export function prepCommandOf(options: unknown): PrepCommand {
  const flags = parsedFlags.parse(options);
  const mode = oneMode(flags);
  if (flags.dgs_lun_name === undefined) {
    throw new PrepError("BAD_REQUEST", "No LUN was named.", { hint: "Add `-n LUN`, such as `-n Gold`." });
  }
  if (flags.yesRollback !== undefined && !traitsOf(mode).typedName) {
    throw new PrepError("BAD_REQUEST", "--yes-rollback belongs to -rvgd only.", {
      hint: "Use `--yes` for the other modes, or take the flag out.",
    });
  }
  return {
    mode,
    inputs: {
      lun: flags.dgs_lun_name,
      snapshot: flags.snapshot_name,
      client: flags.client_name,
      host: flags.esx_host_ip,
      registerVms: flags.register_vms,
      keepClone: flags.keep_clone,
      forcePowerOff: flags.force_power_off,
      releaseFirst: flags.release_first,
      newSnapshot: flags.take_snapshot,
      crashConsistent: flags.crash_consistent,
      reason: flags.reason,
    },
    vcenter: {
      ...(flags.vcenter_ip === undefined ? {} : { address: flags.vcenter_ip }),
      ...(flags.vcenter_username === undefined ? {} : { username: flags.vcenter_username }),
      ...(flags.vcenter_password === undefined ? {} : { password: flags.vcenter_password }),
    },
    dryRun: flags.dryRun,
    yes: flags.yes,
    foreground: flags.foreground,
    ...(flags.yesRollback === undefined ? {} : { yesRollback: flags.yesRollback }),
    json: flags.json,
    ...(flags.config === undefined ? {} : { config: flags.config }),
  };
}

function oneMode(flags: Readonly<Record<string, unknown>>): Mode {
  const chosen = MODE_FLAGS.filter(({ mode }) => (flags[traitsOf(mode).flag.long] ?? false) !== false);
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return only.mode;
  const message =
    only === undefined
      ? "No mode was chosen."
      : `Exactly one mode is possible, and ${chosen.map(({ short, long }) => short ?? long).join(" and ")} were given.`;
  throw new PrepError("BAD_REQUEST", message, {
    hint: `Choose one of ${MODE_FLAGS.map(({ short, long }) => short ?? long).join(", ")}; \`atvm_prep --help\` says what each does.`,
  });
}
