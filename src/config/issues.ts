/** A refused configuration, told so that it can be mended: what, where (path and line), and the nearest known key. */
import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import { configJsonSchema } from "./schema.ts";

type Path = readonly PropertyKey[];

export interface ConfigIssue {
  /** Empty for the document itself. */
  readonly path: Path;
  /** It is the member's name that is wrong, not its value. */
  readonly key: boolean;
  readonly message: string;
}

/** Where a value, or with `key` the name of a member, stands in the file. */
export type LineOf = (path: Path, key: boolean) => number | undefined;

/** As many as a person mends before looking again. */
const MOST_SHOWN = 10;

/** `CONFIG_INVALID` with one sentence an issue. Values are not shown: a misplaced secret could be among them. */
export function configInvalid(
  where: string,
  issues: readonly ConfigIssue[],
  lineOf: LineOf = () => undefined,
): PrepError {
  const shown = issues.slice(0, MOST_SHOWN).map((issue) => {
    const line = lineOf(issue.path, issue.key);
    return { path: formatPath(issue.path), ...(line === undefined ? {} : { line }), message: issue.message };
  });
  const sentences = shown.map(({ path, line, message }) => {
    return `${line === undefined ? "" : `line ${line}: `}${path === "" ? "the configuration" : path} ${message}`;
  });
  return new PrepError("CONFIG_INVALID", `${where} is not a valid configuration: ${sentences.join("; ")}.`, {
    found: { file: where, issues: shown },
    hint: "Mend the places named. `atvm_prep config schema` prints what a configuration may say.",
  });
}

/** zod's issues as ours. A misspelt key is reported once, not as a missing one as well. */
export function issuesOf(error: z.ZodError): ConfigIssue[] {
  const misspelt = new Set<string>();
  const issues = error.issues.flatMap((issue) => {
    const unknown = unknownKeys(issue);
    if (unknown.length === 0) return [issueAt(issue.path, wording(issue), namesKey(issue))];
    return unknown.map((key) => {
      const { meant, words } = unknownKey(key, issue.path);
      if (meant !== undefined) misspelt.add(formatPath([...issue.path, meant]));
      return issueAt([...issue.path, key], words, true);
    });
  });
  return issues.filter((issue) => !(issue.message === MISSING && misspelt.has(formatPath(issue.path))));
}

const MISSING = "is missing";

/** One issue at a path. */
export const issueAt = (path: Path, message: string, key = false): ConfigIssue => ({ path, key, message });

const namesKey = (issue: z.core.$ZodIssue): boolean => issue.code === "custom" && issue.params?.["key"] === true;

/** Keys that no form of the object has: a union refuses each key that one of its forms lacks. */
function unknownKeys(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys;
  if (issue.code !== "invalid_union") return [];
  const known = knownKeys(issue.path);
  const met = issue.errors
    .flat()
    .flatMap((nested) => (nested.code === "unrecognized_keys" && nested.path.length === 0 ? nested.keys : []));
  return [...new Set(met)].filter((key) => !known.includes(key));
}

function unknownKey(key: string, path: Path): { meant?: string; words: string } {
  const known = knownKeys(path);
  const nearest = known.length === 0 ? undefined : closest(key, known);
  if (nearest !== undefined && distance(key.toLowerCase(), nearest.toLowerCase()) <= Math.max(3, nearest.length / 2)) {
    return { meant: nearest, words: `is not a known key; did you mean ${nearest}?` };
  }
  return { words: `is not a known key; known here: ${known.join(", ")}` };
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_union") {
    if (issue.errors.flat().some((nested) => nested.path.length === 0 && saysMissing(nested))) return MISSING;
    // One form was meant, and only its content is wrong: that content's rule says more than the union's.
    const inner = issue.errors.flatMap((branch) => {
      const [only] = branch;
      return branch.length === 1 && only !== undefined && only.path.length > 0 && only.code !== "invalid_union"
        ? [only]
        : [];
    });
    const [meant] = inner.filter((nested) => nested.code === "custom" || nested.code === "invalid_format");
    if (meant !== undefined) return `${formatPath(meant.path)} ${meant.message}`;
    return issue.message;
  }
  if (issue.code === "invalid_type") {
    return saysMissing(issue) ? MISSING : `must be of type ${issue.expected}`;
  }
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "too_small" && issue.origin !== "string") return `must be ${issue.minimum} or more`;
  if (issue.code === "too_big" && issue.origin !== "string") return `must be ${issue.maximum} or less`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

const saysMissing = (issue: z.core.$ZodIssue): boolean =>
  issue.code === "invalid_type" && issue.message.endsWith("received undefined");

function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = safeText(String(part), 60);
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

const node = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
});

/** The members that the schema has at `path`, in all its forms. */
function knownKeys(path: Path): string[] {
  let level: unknown[] = [configJsonSchema()];
  for (const part of path) {
    level = forms(level).flatMap((form) =>
      typeof part === "number" ? [form.items] : [form.properties?.[String(part)]],
    );
  }
  return [...new Set(forms(level).flatMap((form) => Object.keys(form.properties ?? {})))];
}

function forms(level: readonly unknown[]): z.output<typeof node>[] {
  return level.flatMap((each) => {
    const parsed = node.safeParse(each);
    if (!parsed.success) return [];
    return [parsed.data, ...forms(parsed.data.anyOf ?? [])];
  });
}
