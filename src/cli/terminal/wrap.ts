/** Text broken into lines of a terminal's width. */

export interface Wrapping {
  /** What the first line begins with, and by whose width the later ones are indented. */
  readonly lead?: string;
  /** In a table's column also a word that is longer than it is broken; elsewhere such a word is left to the terminal. */
  readonly breakWords?: boolean;
}

/** Later lines keep at least so much room for text, whatever the lead takes. */
const NARROWEST_TEXT = 10;

/** Words between spaces. What stands in backticks is a command, which a person copies: it stays in one piece. */
const piecesOf = (text: string): string[] => text.match(/(?:`[^`]*`|\S)+/g) ?? [];

const widthOf = (text: string): number => Array.from(text).length;

/** `text` in lines of at most `columns` characters. */
export function wrapped(text: string, columns: number, { lead = "", breakWords = false }: Wrapping = {}): string[] {
  const indent = " ".repeat(Math.max(0, Math.min(widthOf(lead), columns - NARROWEST_TEXT)));
  const lines: string[] = [];
  let line = lead;
  let isEmpty = true;
  const end = (): void => {
    lines.push(line);
    line = indent;
    isEmpty = true;
  };
  for (const piece of piecesOf(text)) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(piece) > columns) end();
    let rest = piece;
    if (breakWords && !piece.includes("`")) {
      for (let room = columns - widthOf(line); isEmpty && widthOf(rest) > room; room = columns - widthOf(line)) {
        const points = Array.from(rest);
        line += points.slice(0, room).join("");
        rest = points.slice(room).join("");
        end();
      }
    }
    line += isEmpty ? rest : ` ${rest}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}
