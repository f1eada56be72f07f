/** Ways into the console: links that are used once, and the sessions that they or a provider's sign-in begin. */
import { auditedWrite, latestTime } from "../audit.ts";
import { sha256 } from "../domain/canonical.ts";
import { PrepError } from "../domain/errors.ts";
import type { Role } from "../domain/roles.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Actor } from "../engine.ts";
import { type EngineDeps, namedPrincipal, newId, newSecret } from "../engine-options.ts";
import type { ConsolePassRow, StoreWriter } from "../ports/store.ts";
import type { ConsoleLinkRecord, ConsoleSessionRecord } from "../records.ts";
import type { AuditedCalls } from "./audited-calls.ts";

/** Long enough to change windows, and too short to lie around. */
const LINK_MS = 5 * 60_000;
/** A working day: roles that were taken away since are gone then at the latest. */
const SESSION_MS = 8 * 3_600_000;

/** Whom a provider says that somebody is. */
export interface ConsoleIdentity {
  readonly principal: string;
  readonly role: Role;
  readonly person?: string;
}

export class ConsoleService {
  readonly #deps: EngineDeps;
  readonly #calls: AuditedCalls;

  constructor(deps: EngineDeps, calls: AuditedCalls) {
    this.#deps = deps;
    this.#calls = calls;
  }

  /**
   * The secret is in this answer alone. Without a name, the link is for who asks. Errors: `FORBIDDEN` where the site names
   * admins, this is none, and the link would be an admin's or another's.
   */
  link(
    asked: { readonly role: Role; readonly name?: string },
    actor: Actor,
  ): Promise<ConsoleLinkRecord & { readonly secret: string }> {
    const { role } = asked;
    const name = asked.name === undefined ? undefined : safeText(asked.name, 64);
    const about = { role, ...(name === undefined ? {} : { name }) };
    return this.#calls.audited("console_refused", actor, about, async () => {
      const mayOnlyOwn = this.#deps.settings.adminsOnly && actor.admin !== true;
      if (mayOnlyOwn && (name !== undefined || role === "admin")) {
        throw new PrepError("FORBIDDEN", "Links for others, or with an admin's role, are made by the site's admins.", {
          hint: "`admins` in the configuration names them.",
        });
      }
      const { store, clock } = this.#deps;
      return auditedWrite(store, clock, async (tx, append) => {
        // Who asks for a plan may not be who approves it, whether by a token or by a link.
        const principal = name === undefined ? actor.principal : namedPrincipal(name, store);
        const { secret, row } = await this.#insert(tx, { kind: "link", principal, role }, LINK_MS);
        await append({
          type: "console_link_made",
          actor,
          data: { passId: row.id, ...about, expiresAt: row.expiresAt },
        });
        return { principal, role, expiresAt: row.expiresAt, secret };
      });
    });
  }

  /** Whom a link is for, if it can still be used. */
  async linkHolder(secret: string): Promise<ConsoleLinkRecord | undefined> {
    const row = await this.#valid("link", secret);
    return row && { principal: row.principal, role: row.role, expiresAt: row.expiresAt };
  }

  /** A session in place of a link, once; undefined when the link cannot be used any more. */
  redeemLink(secret: string): Promise<(ConsoleSessionRecord & { readonly secret: string }) | undefined> {
    const { store, clock } = this.#deps;
    return auditedWrite(store, clock, async (tx, append) => {
      const now = await latestTime(tx, clock);
      const link = await tx.consolePass(sha256(secret));
      if (link === undefined || !isValid(link, "link", now)) return undefined;
      await tx.updateConsolePass(link.id, { endedAt: now });
      const { principal, role } = link;
      const made = await this.#insert(tx, { kind: "session", principal, role }, SESSION_MS);
      const actor: Actor = { principal, channel: "console" };
      await append({ type: "console_signed_in", actor, data: { passId: made.row.id, role, link: link.id } });
      return { ...viewOf(made.row), secret: made.secret };
    });
  }

  /** A session for whom a provider has signed in. */
  signIn({ principal, role, person }: ConsoleIdentity): Promise<ConsoleSessionRecord & { readonly secret: string }> {
    const { store, clock } = this.#deps;
    return auditedWrite(store, clock, async (tx, append) => {
      const named = person === undefined ? {} : { person: safeText(person, 100) };
      const { row, secret } = await this.#insert(tx, { kind: "session", principal, role, ...named }, SESSION_MS);
      const actor: Actor = { principal, channel: "console" };
      await append({ type: "console_signed_in", actor, data: { passId: row.id, role, ...named } });
      return { ...viewOf(row), secret };
    });
  }

  /** Whose session it is, if it holds now. */
  async session(secret: string): Promise<ConsoleSessionRecord | undefined> {
    const row = await this.#valid("session", secret);
    return row && viewOf(row);
  }

  /** Ends a session, for every server on this store. */
  async signOut(secret: string): Promise<void> {
    const { store, clock } = this.#deps;
    const row = await this.#valid("session", secret);
    if (row === undefined) return;
    const actor: Actor = { principal: row.principal, channel: "console" };
    await auditedWrite(store, clock, async (tx, append) => {
      await tx.updateConsolePass(row.id, { endedAt: await latestTime(tx, clock) });
      await append({ type: "console_signed_out", actor, data: { passId: row.id } });
    });
  }

  async #insert(
    tx: StoreWriter,
    pass: Pick<ConsolePassRow, "kind" | "principal" | "role" | "person">,
    ttlMs: number,
  ): Promise<{ readonly row: ConsolePassRow; readonly secret: string }> {
    const { clock, entropy } = this.#deps;
    const secret = newSecret(entropy);
    const createdAt = await latestTime(tx, clock);
    const expiresAt = new Date(Date.parse(createdAt) + ttlMs).toISOString();
    const row: ConsolePassRow = { id: newId("pass", entropy), ...pass, hash: sha256(secret), createdAt, expiresAt };
    await tx.insertConsolePass(row);
    return { row, secret };
  }

  async #valid(kind: ConsolePassRow["kind"], secret: string): Promise<ConsolePassRow | undefined> {
    const { row, now } = await this.#deps.store.read(async (tx) => ({
      row: await tx.consolePass(sha256(secret)),
      now: await latestTime(tx, this.#deps.clock),
    }));
    return row !== undefined && isValid(row, kind, now) ? row : undefined;
  }
}

const isValid = (row: ConsolePassRow, kind: ConsolePassRow["kind"], now: string): boolean =>
  row.kind === kind && row.endedAt === undefined && row.expiresAt > now;

const viewOf = ({ id, principal, role, person, expiresAt }: ConsolePassRow): ConsoleSessionRecord => ({
  id,
  principal,
  role,
  expiresAt,
  ...(person === undefined ? {} : { person }),
});
