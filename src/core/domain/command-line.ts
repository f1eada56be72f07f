import { quote } from "shell-quote";

// shell-quote also escapes what no shell reads as anything but itself, such as the colon of an address. An equals sign is
// that only within a word: zsh takes a word that begins with one for the name of a command.
const quoted = (word: string): string => (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word) ? word : quote([word]));

/** Words as a shell reads them back. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(" ");
