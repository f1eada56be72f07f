/** A command line that cannot be parsed. */
import type { Command, CommanderError } from "commander";
import { distance } from "fastest-levenshtein";
import { PrepError } from "../../core/domain/errors.ts";

const HELP = "See `atvm_prep --help`.";

/** `BAD_REQUEST` in our own words: the parser's would repeat what was typed, which may be a password. */
export function usageError(thrown: CommanderError, words: readonly string[], command: Command): PrepError {
  const [first = ""] = words;
  switch (thrown.code) {
    case "commander.unknownOption": {
      if (isDefault(command) && !first.startsWith("-")) return noSuchCommand(first, command.parent ?? command);
      const flag = /'(--?[^'=\s]+)/.exec(thrown.message)?.[1] ?? "";
      return refusal("This command has no such option.", near(flag, flagsOf(command)));
    }
    case "commander.unknownCommand":
      return noSuchCommand(command.args[0] ?? "", command);
    case "commander.excessArguments":
      if (isDefault(command) && !first.startsWith("-")) return noSuchCommand(first, command.parent ?? command);
      return new PrepError("BAD_REQUEST", "Unexpected argument.", {
        hint: `Put names with spaces into quotes. ${HELP}`,
      });
    case "commander.missingArgument":
      return missingArgument(command);
    case "commander.help":
      return new PrepError("BAD_REQUEST", `\`${pathOf(command)}\` requires a subcommand.`, {
        hint: `It is one of ${namesIn(command).join(", ")}. ${HELP}`,
      });
    default:
      return new PrepError("BAD_REQUEST", "The command line cannot be understood.", { hint: HELP });
  }
}

/** Where a person finds what a command's argument stands for. */
const LISTED: ReadonlyMap<string, string> = new Map([
  ["LUN", "`atvm_prep luns` lists them."],
  ["PLAN", "`atvm_prep plans` lists them."],
  ["RUN", "`atvm_prep runs` lists them; `latest` is the newest."],
]);

function missingArgument(command: Command): PrepError {
  const name = command.registeredArguments.find(({ required }) => required)?.name() ?? "argument";
  return new PrepError("BAD_REQUEST", `\`${pathOf(command)}\` requires a ${name}.`, {
    hint: LISTED.get(name) ?? HELP,
  });
}

/** As it is typed. */
const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** What words without a command's name are taken for. */
const isDefault = (command: Command): boolean => command.name() === "prep";

/** Those that are for people. */
const namesIn = (parent: Command): string[] =>
  parent
    .createHelp()
    .visibleCommands(parent)
    .map((command) => command.name());

function noSuchCommand(asked: string, parent: Command): PrepError {
  return refusal(
    "There is no such command.",
    near(asked, namesIn(parent)).map((name) => `${pathOf(parent)} ${name}`),
  );
}

const refusal = (message: string, names: readonly string[]): PrepError =>
  new PrepError("BAD_REQUEST", message, {
    ...(names.length === 0 ? {} : { found: { nearest: names } }),
    hint: names[0] === undefined ? HELP : `Did you mean \`${names[0]}\`? ${HELP}`,
  });

/** What answers for a person is never suggested: whoever wants it knows it. */
const flagsOf = (command: Command): string[] =>
  command.options
    .filter(({ hidden }) => !hidden)
    .flatMap(({ long }) => (!long || long.startsWith("--yes") ? [] : [long]));

const loose = (name: string): string => name.toLowerCase().replace(/[-_]/g, "");

/** The names that `asked` is a slip or the beginning of, nearest first. */
function near(asked: string, names: readonly string[]): string[] {
  const wanted = loose(asked);
  const most = Math.min(2, wanted.length - 2);
  return names
    .map((name) => ({
      name,
      off: distance(loose(name), wanted),
      begun: wanted.length > 3 && loose(name).startsWith(wanted),
    }))
    .filter(({ off, begun }) => off <= most || begun)
    .toSorted((a, b) => a.off - b.off)
    .map(({ name }) => name);
}
