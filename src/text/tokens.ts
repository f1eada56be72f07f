/** Bearer tokens of the HTTP door, without the tokens. */
import { safeText } from "../core/domain/safe-text.ts";
import type { AccessTokenRecord } from "../core/records.ts";
import { page } from "./lines.ts";

const line = ({ id, name, role, state, expiresAt, revokedAt, createdBy }: AccessTokenRecord): string => {
  const until = {
    valid: `valid until ${expiresAt}`,
    expired: `EXPIRED ${expiresAt}`,
    revoked: `REVOKED ${revokedAt ?? ""}`,
  }[state];
  return `- ${id} ${role} for ${safeText(name)}, ${until}, made by ${safeText(createdBy)}`;
};

export const tokensText = (tokens: readonly AccessTokenRecord[]): string =>
  tokens.length === 0 ? "There are no tokens." : page(tokens.map(line));
