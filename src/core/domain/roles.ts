/** What a caller over HTTP may do. On stdio and the command line the account's own rights decide, and everybody operates. */

export const ROLES = ["viewer", "operator", "approver", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** What each role is allowed besides its own: an approver who asks for nothing, an operator who approves for nobody else. */
const INCLUDES: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ["viewer"],
  operator: ["viewer", "operator"],
  approver: ["viewer", "approver"],
  admin: ROLES,
};

/** All that these roles come to, in the order of the table. */
export const withIncluded = (roles: Iterable<Role>): Role[] => {
  const all = new Set([...roles].flatMap((role) => INCLUDES[role]));
  return ROLES.filter((role) => all.has(role));
};
