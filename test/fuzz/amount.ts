/** How much is generated: a short run in `npm test`, a long one with ATVM_FUZZ=all (`npm run test:fuzz`); from one seed, always the same. */
const WHOLE = process.env["ATVM_FUZZ"] === "all";
const PART = Number(process.env["ATVM_FUZZ_PART"] ?? 1);

export const SEED = Number(process.env["ATVM_FUZZ_SEED"] ?? 20_261_129);

export const amount = ({ short, long }: { readonly short: number; readonly long: number }): number =>
  WHOLE ? Math.ceil(long * PART) : short;

/** For a test's time limit: a case that never ends is found by what it waits for. */
export const TIME_LIMIT_MS = WHOLE ? 24 * 3_600_000 : 300_000;
