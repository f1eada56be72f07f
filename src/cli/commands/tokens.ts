/** `atvm_prep token create|list|revoke`: bearer tokens for `serve --http`, where there is no OpenID provider. */
import { PrepError } from "../../core/domain/errors.ts";
import type { Role } from "../../core/domain/roles.ts";
import { tokensText } from "../../text/index.ts";
import { idOf } from "../args/ids.ts";
import { type Context, withApp, withReadOnlyApp } from "../context.ts";
import { printErr, printOut } from "../terminal/io.ts";
import { printResult } from "../terminal/results.ts";

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

/** Milliseconds of `90d`, `12h`, `30m`. Errors: `BAD_REQUEST`. */
function lifetime(written: string): number {
  const [, number = "", unit = ""] = /^(\d{1,4})([dhm])$/.exec(written) ?? [];
  const ms = unit === "d" || unit === "h" || unit === "m" ? Number(number) * UNIT_MS[unit] : 0;
  if (ms > 0) return ms;
  throw new PrepError("BAD_REQUEST", "Option --expires has an invalid value.", {
    hint: "Write how long it is to hold: 90d, 12h, 30m.",
  });
}

/** Standard output has the token alone, once: it is kept nowhere. */
export const createToken = (
  asked: { readonly name?: string; readonly role: Role; readonly expires: string },
  context: Context,
): Promise<number> =>
  withApp(context, async ({ engine, actor }) => {
    const maker = actor("cli");
    const name = asked.name ?? maker.principal.replace(/^os:(.*)@.*$/, "$1");
    const { token, ...made } = await engine.createToken(
      { name, role: asked.role, ttlMs: lifetime(asked.expires) },
      maker,
    );
    if (context.json) {
      printResult(context, { token, ...made }, () => "");
      return 0;
    }
    printErr(
      context.io,
      `${tokensText([made])}\nThe token is shown this once; it is sent as "Authorization: Bearer TOKEN":`,
    );
    printOut(context.io, token);
    return 0;
  });

export const listTokens = (context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const tokens = await engine.listTokens();
    printResult(context, { tokens }, () => tokensText(tokens));
    return 0;
  });

/** It is refused from the next request on. */
export const revokeToken = (typed: string, context: Context): Promise<number> =>
  withApp(context, async ({ engine, actor }) => {
    const ids = (await engine.listTokens()).map(({ id }) => id);
    const revoked = await engine.revokeToken(idOf("tok", typed, ids), actor("cli"));
    printResult(context, revoked, () => tokensText([revoked]));
    return 0;
  });
