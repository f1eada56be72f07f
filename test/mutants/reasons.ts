/** Why no test can, or need, notice these mutants: by id. */
export const REASONS: Readonly<Record<string, string>> = {};
