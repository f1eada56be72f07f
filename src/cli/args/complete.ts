/** What can come next on a command line: commands, options, and values that the configuration or a fixed list has. */
import type { Command, Option } from "commander";

/** What a shell is given to complete with; each asks this program, so that it knows what the program knows. */
export const SHELLS = {
  bash: `# atvm_prep completion bash > /etc/bash_completion.d/atvm_prep
_atvm_prep() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(atvm_prep complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _atvm_prep atvm_prep
`,
  zsh: `#compdef atvm_prep
# atvm_prep completion zsh > "\${fpath[1]}/_atvm_prep"
_atvm_prep() {
  local -a found
  found=(\${(f)"$(atvm_prep complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
if [ "$funcstack[1]" = "_atvm_prep" ]; then _atvm_prep "$@"; else compdef _atvm_prep atvm_prep; fi
`,
  fish: `# atvm_prep completion fish > ~/.config/fish/completions/atvm_prep.fish
complete -c atvm_prep -a '(atvm_prep complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const;

/** Values for an option or an argument, by its name: `dgs_lun_name`, `CLIENT`. */
export type Values = (name: string) => readonly string[];

/** `words` are those after the program's name; the last one is the one that is being written, and may be empty. */
export function candidates(program: Command, words: readonly string[], values: Values): string[] {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const { command, rest } = commandOf(program, before);
  const options = [...optionsOf(command), ...(command === program ? optionsOf(prepOf(program)) : [])];
  const previous = options.find(({ short, long }) => before.length > 0 && [short, long].includes(before.at(-1)));
  const all =
    previous?.required === true
      ? values(previous.attributeName())
      : current.startsWith("-")
        ? options.flatMap(({ short, long }) => [short, long].filter((name) => name !== undefined))
        : [
            ...command
              .createHelp()
              .visibleCommands(command)
              .map((sub) => sub.name()),
            ...valuesOf(command, rest, values),
          ];
  return [...new Set(all)].filter((word) => word.startsWith(current)).toSorted();
}

const optionsOf = (command: Command): readonly Option[] => command.options.filter(({ hidden }) => !hidden);
/** The modes and their inputs belong to a command that has no name on the command line. */
const prepOf = (program: Command): Command => program.commands.find((sub) => sub.name() === "prep") ?? program;

function commandOf(program: Command, words: readonly string[]): { command: Command; rest: number } {
  let command = program;
  let rest = 0;
  for (const word of words) {
    const sub = command.commands.find((one) => one.name() === word && one.name() !== "prep");
    if (sub === undefined) rest += word.startsWith("-") ? 0 : 1;
    else command = sub;
  }
  return { command, rest };
}

const valuesOf = (command: Command, at: number, values: Values): readonly string[] => {
  const argument = command.registeredArguments[at];
  return argument === undefined ? [] : values(argument.name());
};
