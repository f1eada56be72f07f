/** What each part of a configuration allows and several together do not. */
import type * as z from "zod";

type Issue = z.core.$ZodRawIssue;

interface Naming {
  readonly luns: Readonly<Record<string, string>>;
  readonly pairs: readonly { readonly client: string; readonly host: string }[];
  readonly defaults: { readonly client: string; readonly host: string };
}

export const contradictionsIn = (naming: Naming): Issue[] => [
  ...repeatedMembers(naming),
  ...foreignDefaults(naming),
  ...equalShorthands(naming),
];

function repeatedMembers({ pairs }: Naming): Issue[] {
  const seen = { client: new Set<string>(), host: new Set<string>() };
  return pairs.flatMap((pair, index) =>
    (["client", "host"] as const).flatMap((member) => {
      const repeated = seen[member].has(pair[member]);
      seen[member].add(pair[member]);
      return repeated
        ? [issue(["pairs", index, member], "stands in two pairs: a client and its host belong together one to one")]
        : [];
    }),
  );
}

function foreignDefaults({ pairs, defaults }: Naming): Issue[] {
  const other = pairs.find((pair) => (pair.client === defaults.client) !== (pair.host === defaults.host));
  if (other === undefined) return [];
  return [issue(["defaults"], `contradicts the pair ${other.client} ↔ ${other.host}: name a client and its own host`)];
}

function equalShorthands({ luns }: Naming): Issue[] {
  const seen = new Map<string, string>();
  return Object.entries(luns).flatMap(([short, name]) => {
    const loose = short.toLowerCase().replace(/[\s_-]+/g, "");
    const before = seen.get(loose);
    seen.set(loose, name);
    if (before === undefined || before === name) return [];
    return [
      {
        ...issue(["luns", short], "is the same shorthand as another (case, spaces, - and _ do not count)"),
        params: { key: true },
      },
    ];
  });
}

/** With `params.key`, it is the name of the member that is wrong, not its value. */
const issue = (path: PropertyKey[], message: string) => ({ code: "custom" as const, path, message, input: undefined });
