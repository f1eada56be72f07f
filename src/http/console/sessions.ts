/** Who is signed in: a cookie with a secret whose hash is in the store, and a proof in each form. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Actor, Engine } from "../../core/engine.ts";
import type { ConsoleSessionRecord } from "../../core/records.ts";
import type { Viewer } from "./layout.ts";

const BEGUN = "atvm-sign-in";
const BEGUN_SECONDS = 600;

/** Derived from the session's secret, so that nothing is kept for it and no other session's will do. */
const csrfOf = (secret: string): string => createHmac("sha256", secret).update("atvm console form").digest("base64url");

export function isCsrf(viewer: Viewer, given: string): boolean {
  const [wanted, said] = [Buffer.from(viewer.csrf), Buffer.from(given)];
  return wanted.length === said.length && timingSafeEqual(wanted, said);
}

export class Sessions {
  readonly #engine: Engine;
  readonly #isSecure: boolean;

  /** `isSecure`: the console is reached by https. Over http, which is for loopback, a browser may not keep the stricter cookie. */
  constructor(engine: Engine, isSecure: boolean) {
    this.#engine = engine;
    this.#isSecure = isSecure;
  }

  get #name(): string {
    return this.#named("atvm");
  }

  #named(name: string): string {
    return this.#isSecure ? `__Host-${name}` : name;
  }

  /** What a browser brings along on its way back from a provider; once. */
  takeBegun(c: Context): string | undefined {
    const name = this.#named(BEGUN);
    const kept = getCookie(c, name);
    deleteCookie(c, name, { path: "/", secure: this.#isSecure });
    return kept;
  }

  keepBegun(c: Context, kept: string): void {
    this.#keep(c, this.#named(BEGUN), kept, { maxAge: BEGUN_SECONDS });
  }

  secretOf(c: Context): string | undefined {
    return getCookie(c, this.#name);
  }

  async viewer(c: Context): Promise<Viewer | undefined> {
    const secret = this.secretOf(c);
    if (secret === undefined) return undefined;
    const session = await this.#engine.consoleSession(secret);
    if (session === undefined) return undefined;
    const { principal, role, person } = session;
    return { principal, role, csrf: csrfOf(secret), ...(person === undefined ? {} : { person }) };
  }

  begin(c: Context, { secret, expiresAt }: ConsoleSessionRecord & { readonly secret: string }): void {
    // Not `Strict`: the way back from a provider comes from another site, and would arrive without it.
    this.#keep(c, this.#name, secret, { expires: new Date(expiresAt) });
  }

  async end(c: Context): Promise<void> {
    const secret = this.secretOf(c);
    if (secret !== undefined) await this.#engine.signOutOfConsole(secret);
    deleteCookie(c, this.#name, { path: "/", secure: this.#isSecure });
  }

  #keep(
    c: Context,
    name: string,
    value: string,
    until: { readonly expires: Date } | { readonly maxAge: number },
  ): void {
    setCookie(c, name, value, { httpOnly: true, sameSite: "Lax", path: "/", secure: this.#isSecure, ...until });
  }
}

export const actorOf = ({ principal, role, person }: Viewer): Actor => ({
  principal,
  channel: "console",
  ...(role === "admin" ? { admin: true } : {}),
  ...(person === undefined ? {} : { login: { name: person, by: "provider" as const } }),
});
