/** What a first configuration can propose from what the systems hold. */

const SEPARATORS = "[\\s_-]+";
const loose = (text: string): string => text.toLowerCase().replaceAll(new RegExp(SEPARATORS, "g"), "");

/**
 * A short name for each LUN: what is left of its name without what all of them begin with, and without a closing `-Gold`
 * where something else is left. Two that would be one shorthand keep their whole names.
 */
export function proposeShorthand(names: readonly string[]): Record<string, string> {
  const sorted = [...new Set(names)].sort();
  const begin = commonBeginning(sorted);
  const short = sorted.map((name) => {
    const rest = trimSeparators(name.slice(begin.length));
    const stem = trimSeparators(rest.replace(new RegExp(`${SEPARATORS}gold$`, "i"), ""));
    return stem === "" || /^\d+$/.test(stem) ? rest || name : stem;
  });
  const taken = (candidate: string): number => short.filter((other) => loose(other) === loose(candidate)).length;
  return Object.fromEntries(
    sorted.map((name, index) => {
      const candidate = short[index] ?? name;
      return [taken(candidate) === 1 ? candidate : name, name];
    }),
  );
}

function commonBeginning(sorted: readonly string[]): string {
  const [first = ""] = sorted;
  const last = sorted.at(-1) ?? "";
  if (first === last) return "";
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}

const trimSeparators = (text: string): string => text.replace(/^[\s_-]+|[\s_-]+$/g, "");
