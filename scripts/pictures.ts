/**
 * Draws the README's pictures from real runs on the lab: what a terminal shows, colours and all, as SVG
 * (`npm run pictures`; wants `script` of util-linux for a terminal).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startLabProcess } from "./lab-process.ts";

const COLUMNS = 124;
const ESCAPE = "\u001b";
const LINE = 18;
const CHAR = 8.4;
const MARGIN = 16;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const STYLES: Readonly<Record<string, string>> = {
  "1": "font-weight='bold'",
  "2": "opacity='0.6'",
  "31": "fill='#ff7b72'",
  "32": "fill='#7ee787'",
  "33": "fill='#e3b341'",
  "36": "fill='#79c0ff'",
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours a terminal is made of control characters
const SGR = /\u001b\[([\d;]*)m/;

/** A line's text with its styles (SGR) as spans. */
function spans(line: string): string {
  const active = new Set<string>();
  return line
    .split(SGR)
    .map((part, index) => {
      if (index % 2 === 1) {
        const codes = part === "" ? ["0"] : part.split(";");
        for (const code of codes) {
          if (["0", "22", "39"].includes(code)) active.clear();
          else active.add(code);
        }
        return "";
      }
      const style = [...active].flatMap((code) => STYLES[code] ?? []).join(" ");
      return part === "" ? "" : `<tspan ${style}>${escaped(part)}</tspan>`;
    })
    .join("");
}

/** What stands after a line was drawn anew, for the last time. */
const redrawn = (line: string): string => line.split(`${ESCAPE}[2K`).at(-1) ?? "";

function svg(command: string, output: string): string {
  const lines = [
    `\u001b[36m$\u001b[39m ${command}`,
    "",
    ...output.replaceAll("\r", "").trimEnd().split("\n").map(redrawn),
  ];
  const [width, height] = [Math.round(COLUMNS * CHAR + 2 * MARGIN), lines.length * LINE + 2 * MARGIN];
  const text = lines.map(
    (line, index) => `<text x="${MARGIN}" y="${MARGIN + (index + 1) * LINE - 4}">${spans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(command)} on a terminal">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${text.join("\n")}
</g>
</svg>
`;
}

const folder = mkdtempSync(join(tmpdir(), "atvm-pictures-"));
const lab = await startLabProcess(join(folder, "atvm.config.yaml"), []);
try {
  mkdirSync("docs/pictures", { recursive: true });
  const main = resolve("dist/main.js");
  for (const [name, words] of [
    ["plan", "-A -n Gold --dry-run"],
    ["run", "-A -n Gold --yes"],
    ["doctor", "doctor"],
  ] as const) {
    const line = `stty cols ${COLUMNS}; ${process.execPath} ${main} ${words}`;
    const shown = execFileSync("script", ["-qec", line, "/dev/null"], {
      encoding: "utf8",
      cwd: folder,
      env: { ...process.env, TERM: "xterm-256color" },
    });
    writeFileSync(`docs/pictures/${name}.svg`, svg(`atvm_prep ${words}`, shown.replaceAll(`${folder}/`, "")));
  }
} finally {
  await lab.stop();
  rmSync(folder, { recursive: true, force: true });
}
