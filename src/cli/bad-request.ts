/** A command line that cannot be parsed. */
import type { Command, CommanderError } from "commander";
import { PrepError } from "../core/errors.ts";
import { nearest } from "../core/request.ts";

/** `BAD_REQUEST` in our own words: the parser's would repeat what was typed, which may be a password. */
export function badRequest(thrown: CommanderError, words: readonly string[], program: Command): PrepError {
  const hint = "See `atvm_prep --help`.";
  switch (thrown.code) {
    case "commander.unknownOption": {
      const flag = /'(--?[^'=\s]+)/.exec(thrown.message)?.[1] ?? "";
      const names = nearest(flag, allFlags(program)).filter((name) => name.startsWith("-"));
      return new PrepError("BAD_REQUEST", "There is a flag that this command does not have.", {
        found: { nearest: names },
        hint: names.length > 0 ? `Did you mean ${names[0]}? ${hint}` : hint,
      });
    }
    case "commander.unknownCommand":
    case "commander.excessArguments": {
      const [first = ""] = words;
      if (first.startsWith("-")) {
        return new PrepError("BAD_REQUEST", "There is a word that belongs to no flag.", {
          hint: `Put names with spaces into quotes. ${hint}`,
        });
      }
      const names = nearest(
        first,
        program.commands.map((command) => command.name()).filter((name) => !HIDDEN.has(name)),
      );
      return new PrepError("BAD_REQUEST", "There is no such command.", {
        found: { nearest: names },
        hint: `Did you mean \`atvm_prep ${names[0] ?? ""}\`? ${hint}`,
      });
    }
    case "commander.missingArgument":
      return new PrepError("BAD_REQUEST", "The command wants the id of a plan or a run.", {
        hint: "`atvm_prep plans` and `atvm_prep runs` list them.",
      });
    default:
      return new PrepError("BAD_REQUEST", "The command line cannot be understood.", { hint });
  }
}

const HIDDEN: ReadonlySet<string> = new Set(["prep", "carry-out"]);

const allFlags = (command: Command): string[] => [
  ...command.options.map(({ long }) => long ?? ""),
  ...command.commands.flatMap(allFlags),
];
