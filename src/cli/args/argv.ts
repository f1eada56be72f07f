/**
 * The script's flags in the spellings that its parser took and common ones do not: `-vi X` and `-rvgd` (which others
 * take for bundles of single letters), `-vi=X`, `-n=X`. All of them are brought to their long forms.
 */
import { PrepError } from "../../core/domain/errors.ts";
import { CONFIG_FLAG, PREP_FLAGS } from "./flags.ts";

const FLAGS = [...PREP_FLAGS, CONFIG_FLAG];
const LONG: ReadonlyMap<string, string> = new Map(
  FLAGS.flatMap(({ short, long }) => (short === undefined ? [] : [[short, long] as const])),
);
const WANT_VALUE: ReadonlySet<string> = new Set(
  FLAGS.filter(({ value }) => value !== undefined).map(({ long }) => long),
);

/**
 * `argv` with every short flag in its long form; what is after `--` stays. A flag whose value is missing is refused
 * here, so that `-n -A` does not become a LUN called `-A`; a value that begins with a dash is written `-vp=-x`.
 */
export function normalizeArgv(argv: readonly string[]): string[] {
  const end = argv.indexOf("--");
  const flags = (end === -1 ? argv : argv.slice(0, end)).map(longForm);
  for (const [at, flag] of flags.entries()) {
    if (!WANT_VALUE.has(flag)) continue;
    const value = flags[at + 1];
    if (value !== undefined && !/^-./.test(value)) continue;
    throw new PrepError("BAD_REQUEST", `Option ${spelled(flag)} requires a value.`, {
      hint: `Write \`${spelled(flag)} VALUE\`, or \`${spelled(flag)}=VALUE\` where the value begins with a dash.`,
    });
  }
  return end === -1 ? flags : [...flags, ...argv.slice(end)];
}

function longForm(arg: string): string {
  const [flag = arg] = arg.split("=", 1);
  const long = LONG.get(flag);
  if (long !== undefined) return long + arg.slice(flag.length);
  // What begins like `-vp` may carry a password: it is refused before anything repeats it.
  if (!/^-[rv]./.test(arg)) return arg;
  const near = [...LONG.keys()].find((known) => known.length > 2 && known.startsWith(arg.slice(0, 3))) ?? "-vi";
  throw new PrepError("BAD_REQUEST", "There is no such option.", {
    found: { nearest: near },
    hint: near === "-rvgd" ? "Did you mean `-rvgd`?" : `Did you mean \`${near} VALUE\` or \`${near}=VALUE\`?`,
  });
}

/** As an operator of the script knows it. */
function spelled(long: string): string {
  for (const [short, known] of LONG) if (known === long) return short;
  return long;
}
