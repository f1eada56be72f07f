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
  // A name's beginning counts as much as the whole: `PowerOff` means `PowerOffVM_Task`, and not `Logout`.
  const farness = (one: string): number =>
    Math.min(distance(one.toLowerCase(), asked), distance(one.toLowerCase().slice(0, asked.length), asked));
  const closest = ops.toSorted((a, b) => farness(a) - farness(b)).slice(0, 3);
  const where = api === "*" ? "either interface" : api;
  return `there is no operation ${op} in ${where}; the closest are ${closest.join(", ")}, and * is every one`;
}
