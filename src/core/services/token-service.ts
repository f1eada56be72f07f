/** Bearer tokens of sites without an OpenID provider: made once, shown once, kept as hashes, ended by their date or by hand. */
import { auditedWrite, hasCome, latestTime } from "../audit.ts";
import { sha256 } from "../domain/canonical.ts";
import { PrepError } from "../domain/errors.ts";
import type { Role } from "../domain/roles.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Actor } from "../engine.ts";
import { type EngineDeps, namedPrincipal, newId, newSecret } from "../engine-options.ts";
import type { AccessTokenRow } from "../ports/store.ts";
import type { AccessTokenRecord } from "../records.ts";
import type { AuditedCalls } from "./audited-calls.ts";

export class TokenService {
  readonly #deps: EngineDeps;
  readonly #calls: AuditedCalls;

  constructor(deps: EngineDeps, calls: AuditedCalls) {
    this.#deps = deps;
    this.#calls = calls;
  }

  /** The token itself is in this answer alone. Errors: `FORBIDDEN` where the site names admins and this is none. */
  create(
    asked: { readonly name: string; readonly role: Role; readonly ttlMs: number },
    actor: Actor,
  ): Promise<AccessTokenRecord & { readonly token: string }> {
    const about = { name: safeText(asked.name, 64), role: asked.role };
    return this.#calls.audited("token_refused", actor, about, async () => {
      this.#refuseOthers(actor);
      const { store, clock, entropy } = this.#deps;
      const token = `at_${newSecret(entropy)}`;
      return auditedWrite(store, clock, async (tx, append) => {
        const now = await latestTime(tx, clock);
        const row: AccessTokenRow = {
          id: newId("tok", entropy),
          ...about,
          hash: sha256(token),
          createdBy: actor.principal,
          createdAt: now,
          expiresAt: new Date(Date.parse(now) + asked.ttlMs).toISOString(),
        };
        await tx.insertAccessToken(row);
        await append({ type: "token_created", actor, data: { tokenId: row.id, ...about, expiresAt: row.expiresAt } });
        return { ...this.#view(row, "valid"), token };
      });
    });
  }

  /** Newest first. */
  async list(): Promise<AccessTokenRecord[]> {
    const { rows, now } = await this.#deps.store.read(async (tx) => ({
      rows: await tx.accessTokens(),
      now: await latestTime(tx, this.#deps.clock),
    }));
    return rows.map((row) => this.#view(row, stateAt(row, now)));
  }

  /** Ends it at once, for every server on this store. Errors: `BAD_REQUEST` for one that is not there. */
  revoke(tokenId: string, actor: Actor): Promise<AccessTokenRecord> {
    return this.#calls.audited("token_refused", actor, { tokenId: safeText(tokenId, 60) }, async () => {
      this.#refuseOthers(actor);
      const { store, clock } = this.#deps;
      return auditedWrite(store, clock, async (tx, append) => {
        const row = (await tx.accessTokens()).find(({ id }) => id === tokenId);
        if (row === undefined) {
          throw new PrepError("BAD_REQUEST", `There is no token ${safeText(tokenId, 60)}.`, {
            hint: "The list of tokens has the ids of those that there are.",
          });
        }
        if (row.revokedAt !== undefined) return this.#view(row, "revoked");
        const now = await latestTime(tx, clock);
        await tx.updateAccessToken(row.id, { revokedAt: now });
        await append({ type: "token_revoked", actor, data: { tokenId: row.id, name: row.name } });
        return this.#view({ ...row, revokedAt: now }, "revoked");
      });
    });
  }

  /** Whose token it is, if it is one that holds now. */
  async holder(token: string): Promise<AccessTokenRecord | undefined> {
    const { clock, store } = this.#deps;
    return store.read(async (tx) => {
      const row = await tx.accessToken(sha256(token));
      if (row === undefined || row.revokedAt !== undefined || (await hasCome(tx, clock, row.expiresAt)))
        return undefined;
      return this.#view(row, "valid");
    });
  }

  #refuseOthers(actor: Actor): void {
    if (!this.#deps.settings.adminsOnly || actor.admin === true) return;
    throw new PrepError("FORBIDDEN", "Tokens are made and revoked by the site's admins.", {
      hint: "`admins` in the configuration names them.",
    });
  }

  #view({ hash: _, ...row }: AccessTokenRow, state: AccessTokenRecord["state"]): AccessTokenRecord {
    return { ...row, principal: namedPrincipal(row.name, this.#deps.store), state };
  }
}

const stateAt = ({ revokedAt, expiresAt }: AccessTokenRow, now: string): AccessTokenRecord["state"] =>
  revokedAt !== undefined ? "revoked" : expiresAt <= now ? "expired" : "valid";
