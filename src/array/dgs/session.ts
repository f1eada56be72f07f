/** The DGS session: made on the first call, renewed before it expires, ended at the close. */
import type { Clock } from "../../core/ports/runtime.ts";
import { registerSecret } from "../../logging/redact.ts";
import { isConnectionReset, translateNetworkError } from "../../net/errors.ts";
import { bodyOf, CALL_LIMIT } from "../calls.ts";
import type { HttpReply, Transport } from "../transport.ts";
import { type CallSummary, garbage, refusal, signInRefused, unavailable } from "./errors.ts";
import { sessionSchema } from "./schemas.ts";

export interface SessionOptions {
  readonly transport: Transport;
  readonly section: string;
  readonly url: string;
  readonly username: string;
  readonly password: () => Promise<string> | string;
  readonly clock: Clock;
  readonly callMs: number;
}

interface Session {
  readonly token: string;
  /** By the clock that only goes forward: from here on a new one is made. */
  readonly renewAt: number;
  readonly forget: () => void;
}

const SIGN_IN: CallSummary = { operationId: "CreateSession", ids: {} };
const CLOSE_WITHIN_MS = 2_000;
const MARGIN_MS = 30_000;

export interface Sessions {
  /** A token that is good now. `refused` is one that DGS has just answered 401 to: not that one again. */
  token(refused?: string): Promise<string>;
  /** Ends the session at DGS if there is one; best effort, never throws. */
  end(): Promise<void>;
}

export function createSessions(options: SessionOptions): Sessions {
  const { transport, section, url, username, clock } = options;
  let current: Promise<Session> | undefined;

  const signIn = async (): Promise<Session> => {
    const body = { username, password: await options.password() };
    const reply = await answered(() =>
      transport.exchange({ method: "POST", path: "/api/v1/session", body, within: options.callMs }),
    ).catch((thrown: unknown) => {
      throw translateNetworkError(thrown, { system: "DGS", address: url, section, callLimit: CALL_LIMIT });
    });
    if (reply.status === 401 || reply.status === 403)
      throw signInRefused({ section, url, username, status: reply.status });
    if (reply.status === 503) throw unavailable(SIGN_IN);
    if (reply.status >= 300) throw refusal(SIGN_IN, reply);
    const session = bodyOf(reply, sessionSchema);
    if ("problem" in session) throw garbage(SIGN_IN, session.problem);
    const { token, expiresAt } = session.value;
    const now = clock.elapsed();
    const lifetime = new Date(expiresAt).getTime() - clock.now().getTime();
    // A short-lived session keeps half of its life; one that seems over already (clocks apart) is tried until a 401.
    const renewAt = lifetime > 0 ? now + lifetime - Math.min(MARGIN_MS, lifetime / 2) : Number.POSITIVE_INFINITY;
    return { token, renewAt, forget: registerSecret(token) };
  };

  const begin = (): Promise<Session> => {
    const begun = signIn();
    current = begun;
    begun.catch(() => {
      if (current === begun) current = undefined;
    });
    return begun;
  };

  return {
    token: async (refused) => {
      const pending = current;
      const session = await (pending ?? begin());
      if (session.token !== refused && session.renewAt > clock.elapsed()) return session.token;
      // Somebody else may have renewed it while this one waited.
      if (current !== pending && current !== undefined && pending !== undefined) return (await current).token;
      session.forget();
      return (await begin()).token;
    },
    end: async () => {
      const pending = current;
      current = undefined;
      try {
        const session = await pending;
        if (session === undefined) return;
        await transport.exchange({
          method: "DELETE",
          path: "/api/v1/session",
          headers: { authorization: `Bearer ${session.token}` },
          within: Math.min(CLOSE_WITHIN_MS, options.callMs),
        });
        session.forget();
      } catch {
        // It expires by itself.
      }
    },
  };
}

/** Signing in changes nothing, so a lost connection is tried once more. */
async function answered(send: () => Promise<HttpReply>): Promise<HttpReply> {
  try {
    return await send();
  } catch (thrown) {
    if (!isConnectionReset(thrown)) throw thrown;
    return send();
  }
}
