/** The page that `atvm_prep --help` prints: what an operator of the Python script looks for, in the order of that. */
import { CONFIG_FLAG, type Flag, INPUT_FLAGS, MODE_FLAGS, OPTION_FLAGS } from "./flags.ts";

export const COMMANDS: readonly (readonly [string, string])[] = [
  ["serve [--lab]", "MCP server on standard input and output; --lab brings a simulated array and vCenter"],
  ["serve --http [[HOST:]PORT]", "the same over HTTP, for many"],
  ["token create|list|revoke", "bearer tokens for it, where there is no OpenID provider"],
  ["console [--role ROLE]", "a link into its approval console, where plans are read and approved"],
  ["lab", "the simulated array and vCenter by themselves, to rehearse on"],
  ["status [-c CLIENT]", "each host: what it holds, what is under way; one of them in full"],
  ["luns | snapshots LUN | vms", "the gold LUNs; a LUN's snapshots; the VMs on what a host holds"],
  ["plan MODE … [--leave]", "show a plan; with --leave it stays open, for a colleague to approve"],
  ["confirm TOKEN", "carry out a plan that was left"],
  ["plans [show|discard PLAN]", "open plans; one of them in full; drop one of your own"],
  ["approve PLAN", "check a plan that an assistant made, and approve it"],
  ["runs", "runs, newest first"],
  ["run show|watch|resume|cancel RUN|latest", "one run: how far it is, follow it, plan what it left, stop it"],
  ["audit show|who THING|verify|export", "who did what; who touched a volume or VM; whether the chain holds; all rows"],
  ["worker [--at-once N] [--drain]", "carry out what servers queue on a shared store (`runs: worker`)"],
  ["store prune", "remove what is older than `store.keep`, as each run's end does"],
  ["store copy FILE", "move a store from its file to the database that the configuration names"],
  ["doctor", "check configuration, connections, credentials, store and approval policies"],
  ["init [FILE]", "write a commented configuration, tried on the systems (default: atvm.config.yaml)"],
  ["client-config CLIENT [--write]", "the entry for this server in an assistant's program: here, over ssh, over HTTP"],
  ["completion bash|zsh|fish", "what the shell reads to complete commands, flags and names"],
  ["config schema", "the configuration's JSON Schema"],
];

export const EXAMPLES: readonly (readonly [string, string])[] = [
  ["atvm_prep -A -n Gold", "a fresh clone of Gold's latest snapshot on ESX165"],
  ["atvm_prep -A -n Gold -c CDS1-ESX166", "the same on ESX166; its host comes from the pairs"],
  ["atvm_prep -M -n Gold2 --dry-run", "what maintenance of Gold2 would do"],
  ["atvm_prep -R -n Gold --yes", "register what is missing, without a question"],
  ["atvm_prep -rvgd -n Gold -s nightly-1", "roll Gold back; asks for the LUN's name"],
  ["atvm_prep --take_snapshot v2 -n Gold", "a snapshot of Gold, its VMs off: the next -A is made of it"],
];

export const EXIT_CODES = `Exit codes: 0 done; 2 bad request or configuration; 3 refused as unsafe or ambiguous; 4 not approved;
5 locked by another run; 6 the plan is out of date; 7 an operator has to check; 130 interrupted; 1 anything else.`;

const WIDTH = 38;

const row = (left: string, right: string): string =>
  left.length < WIDTH - 2 ? `  ${left.padEnd(WIDTH - 2)}${right}` : `  ${left}\n${" ".repeat(WIDTH)}${right}`;

const flagRow = ({ short, long, value, text }: Flag): string =>
  row([short, long].filter((name) => name !== undefined).join(", ") + (value === undefined ? "" : ` ${value}`), text);

/** The whole page, without a final line break. */
export function helpPage(): string {
  return [
    "Usage: atvm_prep MODE -n LUN [-s SNAPSHOT] [-c CLIENT] [-e IP] [-vi IP] [-vu USER] [-vp PASSWORD] [OPTIONS]",
    "       atvm_prep COMMAND [OPTIONS]",
    "",
    "Prepares an ATVM test environment: shows what it is going to do, asks [y/n], does it, reports.",
    "",
    "Modes (exactly one):",
    ...MODE_FLAGS.map(flagRow),
    "",
    "Inputs:",
    ...INPUT_FLAGS.map(flagRow),
    "",
    "Options:",
    ...OPTION_FLAGS.map(flagRow),
    flagRow(CONFIG_FLAG),
    flagRow({ short: "-h", long: "--help", text: "this page; `atvm_prep COMMAND --help` for a command's" }),
    flagRow({ long: "--version", text: "the version" }),
    "",
    "Commands:",
    ...COMMANDS.map(([left, right]) => row(left, right)),
    "",
    "Examples:",
    ...EXAMPLES.map(([left, right]) => row(left, right)),
    "",
    EXIT_CODES,
  ].join("\n");
}
