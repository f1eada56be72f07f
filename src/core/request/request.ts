/** What was asked: a mode and its inputs, shorthand, pairs and defaults resolved. Pure; nothing outside is looked at. */
import { closest, distance } from "fastest-levenshtein";
import { isSameAddress } from "../domain/address.ts";
import { PrepError } from "../domain/errors.ts";
import { type Mode, type PrepOption, traitsOf } from "../domain/modes.ts";
import { NAME_LIMIT, plainName, safeText } from "../domain/safe-text.ts";

/** A folder below the target Datacenter's VM folder and a pool below the target host's root pool: names, `/` between them. A slash in a name is written as vSphere does, `%2f` (and `%` itself `%25`). */
export interface PlaceNames {
  readonly folder?: string | undefined;
  readonly pool?: string | undefined;
}

/** Who and where. */
export interface TargetInputs {
  readonly client?: string | undefined;
  readonly host?: string | undefined;
}

/** The inputs of a mode, as the tools and the CLI take them. */
export interface PrepInputs extends TargetInputs {
  readonly lun: string;
  readonly snapshot?: string | undefined;
  readonly registerVms?: boolean | undefined;
  readonly keepClone?: boolean | undefined;
  readonly forcePowerOff?: boolean | undefined;
  /** Take the old environment away before anything new is made. */
  readonly releaseFirst?: boolean | undefined;
  /** The name of the snapshot that is to be taken. */
  readonly newSnapshot?: string | undefined;
  /** Take the snapshot although VMs are running on gold. */
  readonly crashConsistent?: boolean | undefined;
  /** Why it is asked for: for the approver and the audit; nothing is decided by it. */
  readonly reason?: string | undefined;
}

/** The part of the configuration that names things. */
export interface Naming {
  /** Shorthand → base name of a gold LUN. */
  readonly luns: Readonly<Record<string, string>>;
  readonly pairs: readonly { readonly client: string; readonly host: string }[];
  readonly defaults: { readonly client: string; readonly host: string };
}

export interface Target {
  readonly client: string;
  readonly host: string;
  /** Whether the pairs (or the defaults) vouch for the two belonging together; if not, the array's record must. */
  readonly paired: boolean;
}

export interface Request extends Target {
  readonly mode: Mode;
  /** Full base name of the gold LUN. */
  readonly lun: string;
  readonly snapshot?: string;
  readonly registerVms: boolean;
  readonly keepClone: boolean;
  readonly forcePowerOff: boolean;
  readonly releaseFirst: boolean;
  readonly newSnapshot?: string;
  readonly crashConsistent: boolean;
}

/** Shorthand is matched without regard to case, spaces, `-` and `_`. */
const loose = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");

/** The full LUN name that `asked` means; what is no shorthand passes through. */
export function lunNameOf(asked: string, luns: Naming["luns"]): string {
  const wanted = loose(asked);
  for (const [shorthand, name] of Object.entries(luns)) {
    if (loose(shorthand) === wanted) return name;
  }
  return asked.trim();
}

/** The shorthands of a full name, as configured. */
export const shorthandsOf = (name: string, luns: Naming["luns"]): string[] =>
  Object.entries(luns)
    .filter(([, full]) => full === name)
    .map(([short]) => short);

function checkName(value: string | undefined, what: string): string | undefined {
  if (value === undefined) return undefined;
  const trimmed = value.trim();
  if (trimmed === "" || plainName(trimmed) !== trimmed) {
    throw new PrepError("BAD_REQUEST", `The ${what} ${JSON.stringify(safeText(value, 40))} is not a usable name.`, {
      hint: `Give a ${what} of 1 to ${NAME_LIMIT} printable characters.`,
    });
  }
  return trimmed;
}

type Side = "client" | "host";

const AMBIGUOUS = { client: "AMBIGUOUS_CLIENT", host: "AMBIGUOUS_HOST" } as const;
const UNKNOWN = { client: "UNKNOWN_CLIENT", host: "UNKNOWN_HOST" } as const;
const OTHER = { client: "host", host: "client" } as const;

/**
 * The configured name that `asked` means: itself, else the one that it is the end of, else the one that it is a part of.
 * Several are a refusal that lists them; undefined where none is meant.
 */
export function configuredName(side: Side, asked: string, { pairs }: Pick<Naming, "pairs">): string | undefined {
  const names = [...new Set(pairs.map((pair) => pair[side]))];
  const exact = names.find((name) => name === asked || (side === "host" && isSameAddress(name, asked)));
  if (exact !== undefined) return exact;
  const wanted = loose(asked);
  if (wanted.length < 2) return undefined;
  for (const fits of [
    (name: string) => loose(name) === wanted,
    (name: string) => loose(name).endsWith(wanted),
    (name: string) => loose(name).includes(wanted),
  ]) {
    const found = names.filter(fits);
    const [only] = found;
    if (found.length === 1) return only;
    if (found.length > 1) {
      throw new PrepError(
        AMBIGUOUS[side],
        `${safeText(asked)} can mean ${found.length} ${side}s: ${found.join(", ")}.`,
        {
          found: { [`${side}s`]: found },
          hint: "Name one of them.",
        },
      );
    }
  }
  return undefined;
}

/** One side given in full or by a part of it; or by a part of its pair's other side, as in "esx165" for the host. */
function pairOf(side: Side, asked: string, naming: Naming): Naming["pairs"][number] | undefined {
  const own = configuredName(side, asked, naming);
  const other = own === undefined ? configuredName(OTHER[side], asked, naming) : undefined;
  const matches = naming.pairs.filter((pair) => (own === undefined ? pair[OTHER[side]] === other : pair[side] === own));
  const [pair] = matches;
  if (pair === undefined || matches.length === 1) return pair;
  throw new PrepError("BAD_REQUEST", `There is more than one configured pair for ${side} ${safeText(asked)}.`, {
    found: { pairs: matches.map(pairText) },
    hint: `Name both: the ${side} and its ${OTHER[side]}.`,
  });
}

const pairText = (pair: Naming["pairs"][number]): string => `${pair.client} ↔ ${pair.host}`;

/** Client and host: both, one with its pair, or the defaults; each in full, or by a part that only one of them has. */
export function resolveTarget(inputs: TargetInputs, naming: Naming): Target {
  const asked = { client: checkName(inputs.client, "client"), host: checkName(inputs.host, "host") };
  const { pairs } = naming;
  if (asked.client === undefined && asked.host === undefined) return { ...naming.defaults, paired: true };
  const known = pairs.map(pairText);
  if (asked.client !== undefined && asked.host !== undefined) {
    const client = configuredName("client", asked.client, naming) ?? asked.client;
    const host = configuredName("host", asked.host, naming) ?? asked.host;
    if (pairs.some((pair) => pair.client === client && pair.host === host)) return { client, host, paired: true };
    const contradicting = pairs.find((pair) => pair.client === client || pair.host === host);
    if (contradicting === undefined) return { client, host, paired: false };
    throw new PrepError(
      "PAIR_CONFLICT",
      `Client ${safeText(client)} and host ${safeText(host)} do not belong together: the configured pair is ${pairText(contradicting)}.`,
      { found: { pairs: known }, hint: "Name the client and the host of one pair, or only one of the two." },
    );
  }
  const side: Side = asked.client === undefined ? "host" : "client";
  const value = asked[side] ?? "";
  const pair = pairOf(side, value, naming);
  if (pair !== undefined) return { ...pair, paired: true };
  const [closest] = nearest(
    value,
    pairs.map((configured) => configured[side]),
  );
  throw new PrepError(UNKNOWN[side], `No configured pair has the ${side} ${safeText(value)}.`, {
    found: { pairs: known },
    hint: `${closest === undefined ? "Name" : `Did you mean ${closest}? If not, name`} both: the ${side} and its ${OTHER[side]}.`,
    next: [{ kind: "see_targets" }],
  });
}

/** The request, and warnings about inputs that this mode has no use for. */
export function resolveRequest(
  mode: Mode,
  inputs: PrepInputs,
  naming: Naming,
): { request: Request; warnings: string[] } {
  const lun = checkName(inputs.lun, "LUN name");
  if (lun === undefined) throw new PrepError("BAD_REQUEST", "No LUN was named.", { hint: "Name the gold LUN." });
  const snapshot = checkName(inputs.snapshot, "snapshot name");
  const warnings: string[] = [];
  const { usesSnapshot, takesSnapshot, options } = traitsOf(mode);
  const newSnapshot = takesSnapshot ? checkName(inputs.newSnapshot, "snapshot name") : undefined;
  if (takesSnapshot && newSnapshot === undefined) {
    throw new PrepError("BAD_REQUEST", "The snapshot was given no name.", { hint: "Name the snapshot." });
  }
  if (snapshot !== undefined && !usesSnapshot) {
    warnings.push(`A snapshot was named (${safeText(snapshot)}); ${mode} does not use one, so it is left out.`);
  }
  const asked = (option: PrepOption): boolean => options.includes(option) && inputs[option] === true;
  return {
    request: {
      mode,
      lun: lunNameOf(lun, naming.luns),
      ...resolveTarget(inputs, naming),
      ...(snapshot === undefined || !usesSnapshot ? {} : { snapshot }),
      registerVms: asked("registerVms"),
      keepClone: asked("keepClone"),
      forcePowerOff: asked("forcePowerOff"),
      releaseFirst: asked("releaseFirst"),
      ...(newSnapshot === undefined ? {} : { newSnapshot }),
      crashConsistent: asked("crashConsistent"),
    },
    warnings,
  };
}

const NAME_LENGTH = 256;

/** Up to three names that are closest to what was asked, nearest first. */
export function nearest(asked: string, names: readonly string[]): string[] {
  // How far names are apart takes time with their lengths; no name is as long as what somebody may send.
  const wanted = loose(asked.slice(0, NAME_LENGTH));
  const unique = [...new Set(names)];
  const containing = unique.filter((name) => loose(name).includes(wanted));
  const ranked = unique.toSorted((a, b) => distance(loose(a), wanted) - distance(loose(b), wanted));
  const first = unique.length > 0 ? [closest(asked, unique)] : [];
  return [...new Set([...containing, ...ranked, ...first])].slice(0, 3).map((name) => safeText(name));
}
