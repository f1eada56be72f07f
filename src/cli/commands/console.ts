/** `atvm_prep console`: a link that signs a person in to the approval console of `serve --http`, once. */
import { PrepError } from "../../core/domain/errors.ts";
import type { Role } from "../../core/domain/roles.ts";
import { bracketed } from "../../net/address.ts";
import { type Context, withApp } from "../context.ts";
import { isInteractive, printErr, printOut } from "../terminal/io.ts";

/** The link of a console at this address. */
export const consoleLink = (consoleUrl: string, secret: string): string => `${consoleUrl}/sign-in?link=${secret}`;

/**
 * Standard output has the link alone. Errors: `NOT_APPROVED` without a terminal: with the link, a script or an assistant
 * could approve what only a person may.
 */
export async function openConsole(
  asked: { readonly role: Role; readonly name?: string; readonly url?: string },
  context: Context,
): Promise<number> {
  const { io } = context;
  const { url, ...whose } = asked;
  if (whose.role !== "viewer" && !isInteractive(io)) {
    throw new PrepError("NOT_APPROVED", "A link that can approve is for a person at a terminal.", {
      hint: "A person runs `atvm_prep console` on a terminal; a script or an assistant cannot. `--role viewer` needs none.",
      retryable: false,
    });
  }
  return withApp(context, async ({ engine, actor, config }) => {
    const { http } = config;
    const configured = http.url ?? `${http.tls === undefined ? "http" : "https"}://${browsable(http.listen)}`;
    const base = (url ?? configured).replace(/\/+$/, "");
    const { secret, ...made } = await engine.makeConsoleLink(whose, actor("cli"));
    const link = consoleLink(`${base}/console`, secret);
    if (context.json) printOut(io, JSON.stringify({ link, ...made }));
    else {
      printErr(io, `For ${made.principal}, as ${made.role}; it works once, until ${made.expiresAt}:`);
      printOut(io, link);
    }
    return 0;
  });
}

/** A place to listen as a place to go to: every address of this machine is also its own. */
function browsable(listen: string): string {
  const [, host = "127.0.0.1", port = ""] = /^(?:(.+):)?(\d+)$/.exec(listen) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return `${bracketed(bare === "0.0.0.0" || bare === "::" ? "127.0.0.1" : bare)}:${port}`;
}
