/** Who calls: what a token stands for, and how it travels through the SDK to the call. */
import type { AuthInfo } from "@modelcontextprotocol/server";
import * as z from "zod";
import { ROLES, type Role, withIncluded } from "../core/domain/roles.ts";
import type { Actor } from "../core/engine.ts";

export interface Identity {
  readonly principal: string;
  /** As granted; each brings those that it includes. */
  readonly roles: readonly Role[];
  /** The OAuth client, or `token` for a token of this site. */
  readonly client: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** The person's name, as the provider has it. */
  readonly person?: string;
}

/** Which scope stands for which role in challenges. */
export type RoleScopes = Readonly<Record<Role, string>>;

const carried = z.object({ principal: z.string(), roles: z.array(z.enum(ROLES)), person: z.string().exactOptional() });

/** As the SDK carries it. The token itself is not in it: nothing behind the door has a use for it, or hands it on. */
export function authInfoOf({ principal, roles, client, expiresAt, person }: Identity, scopes: RoleScopes): AuthInfo {
  const all = withIncluded(roles);
  return {
    token: "",
    clientId: client,
    scopes: all.map((role) => scopes[role]),
    expiresAt,
    extra: { principal, roles: all, ...(person === undefined ? {} : { person }) } satisfies z.input<typeof carried>,
  };
}

/** Whoever a request's token stands for. Errors: a request came past the gate, which is a defect. */
export function actorOf(auth: AuthInfo | undefined): Actor {
  const { principal, roles, person } = carried.parse(auth?.extra);
  return {
    principal,
    channel: "http",
    ...(roles.includes("admin") ? { admin: true } : {}),
    ...(person === undefined ? {} : { login: { name: person, by: "provider" as const } }),
  };
}
