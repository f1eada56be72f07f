import { distance } from "fastest-levenshtein";

/** What each interface of a lab can be asked for: operationIds of the array's contract, vim25 methods. */
export interface KnownOps {
  dgs: readonly string[];
  vim: readonly string[];
}

/** What is wrong with a fault's operation, with the closest ones that there are; undefined when nothing is. */
export function unknownOp({ api, op }: { api: "dgs" | "vim" | "*"; op: string }, known: KnownOps): string | undefined {
  const ops = api === "*" ? [...known.dgs, ...known.vim] : known[api];
  if (op === "*" || ops.includes(op)) return undefined;
  const asked = op.toLowerCase();
  const far = new Map(ops.map((one) => [one, distance(one.toLowerCase(), asked)]));
  const holding = ops.filter((one) => one.toLowerCase().includes(asked));
  const ranked = ops.toSorted((a, b) => (far.get(a) ?? 0) - (far.get(b) ?? 0));
  const closest = [...new Set([...holding, ...ranked])].slice(0, 3);
  return `${api === "*" ? "neither interface" : api} has no operation ${op}; the closest are ${closest.join(", ")}, and * is every one`;
}
