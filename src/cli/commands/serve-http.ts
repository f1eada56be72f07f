/** `atvm_prep serve --http`: the MCP server for many, over HTTP. */
import type { App } from "../../app.ts";
import { proxyFor } from "../../config/proxy.ts";
import { resolveTls } from "../../config/trust.ts";
import { PrepError } from "../../core/domain/errors.ts";
import { startHttpServer } from "../../http/server.ts";
import { getter } from "../../net/get.ts";
import { systemClock } from "../../platform/clock.ts";
import { collectEarly } from "../../platform/heap.ts";
import { vcenterUrl } from "../../systems/open-systems.ts";
import { wordingFor } from "../../text/wording.ts";
import { appOptions, type Context, printWarnings } from "../context.ts";
import { interruption, printErr } from "../terminal/io.ts";
import { consoleLink } from "./console.ts";

/** Calls under way have this long to be answered when the server is told to end. */
const GRACE_MS = 5_000;
const REHEARSAL_MS = 24 * 3_600_000;

/**
 * Serves until SIGINT or SIGTERM; a second one ends it at once. Configuration and store are opened first, so that what is
 * wrong with them is the exit code of a server that did not start.
 */
export async function serveHttp(
  flags: { readonly lab: boolean; readonly address: string | undefined },
  context: Context,
): Promise<number> {
  const { io } = context;
  collectEarly();
  const asked = flags.address === undefined ? undefined : listenAt(flags.address);
  const app = await context.openApp({ ...appOptions(context, "serve"), lab: flags.lab, detachRuns: true });
  try {
    const { config, engine, log } = app;
    printWarnings(io, config.warnings);
    const { oauth } = config.http;
    const server = await startHttpServer({
      settings: config.http,
      listen: asked ?? listenAt(config.http.listen),
      engine,
      log,
      clock: systemClock,
      wording: () =>
        wordingFor("assistant", {
          config: app.namedConfig,
          console: server.consoleUrl,
          toolPrefix: config.toolPrefix,
        }),
      systems: systemsOf(app),
      get: getter(resolveTls(oauth?.tls ?? { system: true }), oauth && proxyFor(oauth.issuer, config.proxy)),
    });
    const stopped = interruption(io);
    printErr(io, `atvm_prep serves MCP at ${server.mcpUrl}, and the approval console at ${server.consoleUrl}`);
    if (flags.lab) {
      const made = await engine.createToken(
        { name: "rehearsal", role: "admin", ttlMs: REHEARSAL_MS },
        app.actor("cli"),
      );
      printErr(io, `Token of this rehearsal, which ends with it: ${made.token}`);
      const { secret } = await engine.makeConsoleLink({ role: "admin" }, app.actor("cli"));
      printErr(io, `Sign in to its console, once and within five minutes: ${consoleLink(server.consoleUrl, secret)}`);
    } else if (oauth === undefined && !(await engine.listTokens()).some(({ state }) => state === "valid")) {
      printErr(io, "Nobody has a token yet: make one with `atvm_prep token create`, or name a provider as http.oauth.");
    }
    await stopped;
    await server.close(GRACE_MS);
  } finally {
    await app.close();
  }
  return 0;
}

/** Origins of the array and of vCenter. */
const systemsOf = ({ config }: App): ReadonlyMap<string, string> =>
  new Map([
    [new URL(config.array.url).origin, "array"],
    [new URL(vcenterUrl(config.vcenter.address)).origin, "vcenter"],
  ]);

/** Errors: `BAD_REQUEST`. */
function listenAt(address: string): { host: string; port: number } {
  const [, host = "127.0.0.1", digits = ""] =
    /^(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):)?(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  if (digits !== "" && port <= 65_535) return { host: host.replace(/^\[(.*)\]$/, "$1"), port };
  throw new PrepError("BAD_REQUEST", "That is no place to listen at.", {
    hint: "Write it as PORT or HOST:PORT: 8321, 0.0.0.0:8321, [::1]:8321.",
  });
}
