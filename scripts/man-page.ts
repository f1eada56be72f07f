/** man/atvm_prep.1, made from the tables that the help page is made of. */
import manifest from "../package.json" with { type: "json" };
import { CONFIG_FLAG, type Flag, INPUT_FLAGS, MODE_FLAGS, OPTION_FLAGS } from "../src/cli/args/flags.ts";
import { COMMANDS, EXAMPLES, EXIT_CODES } from "../src/cli/args/help.ts";

/** A hyphen that can be searched for and pasted; no line that begins with what troff takes for a request. */
const roff = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");

const item = (left: string, right: string): string => `.TP\n.B ${roff(left)}\n${roff(right)}`;

const flag = ({ short, long, value, text }: Flag): string =>
  item([short, long].filter((name) => name !== undefined).join(", ") + (value === undefined ? "" : ` ${value}`), text);

export function manPage(): string {
  return `${[
    `.TH ATVM_PREP 1 "" "atvm_prep ${manifest.version}" "User Commands"`,
    ".SH NAME",
    "atvm_prep \\- prepare VMware test environments from golden storage LUNs",
    ".SH SYNOPSIS",
    ".B atvm_prep",
    ".I MODE",
    roff("-n LUN [-s SNAPSHOT] [-c CLIENT] [-e IP] [-vi IP] [-vu USER] [-vp PASSWORD] [OPTIONS]"),
    ".br",
    ".B atvm_prep",
    ".I COMMAND",
    "[OPTIONS]",
    ".SH DESCRIPTION",
    roff(
      "Shows what it is going to do, asks [y/n], does it, reports. With `serve` it is an MCP server, by which an assistant asks for the same; what an assistant plans is carried out after approval only.",
    ),
    ".SH MODES",
    ...MODE_FLAGS.map(flag),
    ".SH INPUTS",
    ...INPUT_FLAGS.map(flag),
    ".SH OPTIONS",
    ...[...OPTION_FLAGS, CONFIG_FLAG].map(flag),
    ".SH COMMANDS",
    ...COMMANDS.map(([left, right]) => item(left, right)),
    ".SH EXAMPLES",
    ...EXAMPLES.map(([left, right]) => item(left, right)),
    ".SH EXIT STATUS",
    roff(EXIT_CODES),
    ".SH FILES",
    item(
      "atvm.config.yaml, $XDG_CONFIG_HOME/atvm/config.yaml, /etc/atvm/config.yaml",
      "The configuration: the first of these that is there, unless --config or $ATVM_CONFIG names one.",
    ),
    ".SH SEE ALSO",
    roff("The pages in docs/ of the package, docs/README.md first."),
  ].join("\n")}\n`;
}
