import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Credentials } from "../../world/model.ts";

const LIFETIME_MS = 30 * 60_000;

/** Bearer tokens of the array, each good for half an hour. They outlive a reset of the world. */
export class DgsSessions {
  readonly #open = new Map<string, { user: string; expiresAt: number }>();
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Undefined: wrong user or password. */
  create(username: string, password: string): { token: string; expiresAt: string } | undefined {
    const known = same(username, this.#credentials.username) && same(password, this.#credentials.password);
    if (!known) return undefined;
    const token = randomBytes(32).toString("base64url");
    const expiresAt = Date.now() + LIFETIME_MS;
    this.#open.set(token, { user: username, expiresAt });
    return { token, expiresAt: new Date(expiresAt).toISOString() };
  }

  /** Who signed in with this token. */
  userOf(token: string | undefined): string | undefined {
    const session = token === undefined ? undefined : this.#open.get(token);
    return session !== undefined && session.expiresAt > Date.now() ? session.user : undefined;
  }

  end(token: string | undefined): void {
    if (token !== undefined) this.#open.delete(token);
  }

  count(): number {
    return [...this.#open.values()].filter(({ expiresAt }) => expiresAt > Date.now()).length;
  }

  endAll(): void {
    this.#open.clear();
  }
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
