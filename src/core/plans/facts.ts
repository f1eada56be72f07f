/**
 * What a plan rests on or touches, as facts: keyed by id, each with words for a person. Two looks at the world agree
 * exactly if their facts do; where they differ, the difference is told in plain words.
 */
import { digestOf } from "../domain/canonical.ts";

export interface Fact {
  /** How a person calls the thing: `VM web-02`. Not compared: names are not identity. */
  readonly label: string;
  /** Field → value, compared as text. */
  readonly fields: Readonly<Record<string, string>>;
  /** How a field's value is called where the value is an id. Not compared either. */
  readonly words?: Readonly<Record<string, string>>;
}

export type Facts = Readonly<Record<string, Fact>>;

/** Identity of the state: hex SHA-256 over keys and fields. */
export function fingerprintOf(facts: Facts): string {
  return digestOf(Object.fromEntries(Object.entries(facts).map(([key, fact]) => [key, fact.fields])));
}

const POWER_WORDS: Readonly<Record<string, string>> = {
  poweredOn: "was powered on since",
  poweredOff: "was powered off since",
  suspended: "was suspended since",
};

function fieldDiff(label: string, field: string, before: string, after: string): string {
  if (field === "power" && POWER_WORDS[after] !== undefined) return `${label} ${POWER_WORDS[after]}`;
  return `${label}: ${field} changed from ${before || "none"} to ${after || "none"}`;
}

/** What changed, a sentence each; empty when the facts agree. */
export function diffFacts(before: Facts, after: Facts): string[] {
  const lines: string[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[key];
    const now = after[key];
    if (old === undefined && now !== undefined)
      lines.push(`${now.label} is there now (it was not when the plan was made)`);
    else if (old !== undefined && now === undefined)
      lines.push(`${old.label} is gone or does not belong here any more`);
    else if (old !== undefined && now !== undefined) {
      const fields = new Set([...Object.keys(old.fields), ...Object.keys(now.fields)]);
      for (const field of fields) {
        const [was, is] = [old.fields[field] ?? "", now.fields[field] ?? ""];
        if (was === is) continue;
        lines.push(fieldDiff(now.label, field, old.words?.[field] ?? was, now.words?.[field] ?? is));
      }
    }
  }
  return lines;
}
