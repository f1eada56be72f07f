/** What the web server answers: MCP, where to sign in for it, health and metrics. Pages for people are mounted beside them. */
import type { Http2Bindings, HttpBindings } from "@hono/node-server";
import { type AuthInfo, getOAuthProtectedResourceMetadataUrl } from "@modelcontextprotocol/server";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { Config } from "../config/config.ts";
import { ROLES, type Role } from "../core/domain/roles.ts";
import type { Engine } from "../core/engine.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import { mcpOverHttp } from "../mcp/http.ts";
import type { Get } from "../net/get.ts";
import type { Wording } from "../text/index.ts";
import { approvalConsole } from "./console/console.ts";
import { providerSignIn } from "./console/openid.ts";
import { failureResponse } from "./failure.ts";
import { Gate } from "./gate.ts";
import { addressReader, foreignAnswer } from "./guards.ts";
import { actorOf } from "./identity.ts";
import { jwtVerifier } from "./jwt.ts";
import { metrics } from "./metrics.ts";

export interface RoutesOptions {
  readonly settings: Config["http"];
  /** The address that clients use, without a slash at its end. */
  readonly publicUrl: string;
  /** Further host names that it answers to. */
  readonly hosts: readonly string[];
  readonly engine: Engine;
  readonly log: Logger;
  readonly clock: Clock;
  readonly wording: () => Wording;
  /** Origin of each system → its name, for the metrics. */
  readonly systems: ReadonlyMap<string, string>;
  /** How the provider is asked for its keys. */
  readonly get: Get;
}

type Bindings = HttpBindings | Http2Bindings;
type Env = { Bindings: Bindings };

export interface Routes {
  fetch(request: Request, env: Bindings): Response | Promise<Response>;
  /** Not ready any more; breaks off what is under way. */
  close(): Promise<void>;
}

export function routes(options: RoutesOptions): Routes {
  const { settings, publicUrl, engine, log, clock, wording } = options;
  const { oauth, limits, scopes } = settings;
  const resource = new URL(`${publicUrl}/mcp`);
  const metadataUrl = getOAuthProtectedResourceMetadataUrl(resource);
  const hosts = [resource.hostname, ...options.hosts];
  const addressOf = addressReader(settings.proxies);
  const maxBodyBytes = limits.bodyKiB * 1024;

  const measured = metrics({ engine, log, systems: options.systems, sessions: () => mcp.sessions() });
  const gate = new Gate({
    engine,
    scopes,
    log,
    perMinute: limits.perMinute,
    failuresPerMinute: limits.failuresPerMinute,
    onRefused: (reason) => measured.refusals.inc({ reason }),
    // A client that is told of a provider would ignore the token that it was configured with.
    ...(oauth === undefined
      ? {}
      : { metadataUrl, jwt: jwtVerifier({ settings: oauth, scopes, resource: resource.href, get: options.get }) }),
  });
  const mcp = mcpOverHttp(
    { engine: async () => engine, caller: actorOf, roleGate: gate.forCall, log, wording },
    { perOwner: limits.sessions, idleMs: limits.sessionIdle, maxBodyBytes },
    clock,
  );
  const admitted = (c: Context<Env>, role: Role): Promise<AuthInfo | Response> =>
    gate.check(c.req.raw, addressOf(remoteOf(c.env), c.req.header("x-forwarded-for")), role);

  const app = new Hono<Env>();
  app.use(async (c, next) => {
    const began = clock.elapsed();
    await next();
    const route = ROUTES.has(c.req.path) ? c.req.path : c.req.path.startsWith("/console") ? "/console" : "other";
    const labels = { route, method: c.req.method, status: String(c.res.status) };
    measured.requests.observe(labels, (clock.elapsed() - began) / 1_000);
  });
  app.get("/healthz", (c) => c.text("ok"));
  app.get("/readyz", async (c) => {
    const ready = await engine.auditAfter(undefined).then(
      () => true,
      (cause: unknown) => {
        log.warn({ err: cause }, "not ready: the store cannot be read");
        return false;
      },
    );
    return ready ? c.text("ready") : c.text("the store cannot be read", 503);
  });
  app.use(async (c, next) => {
    const refused = foreignAnswer(c.req.raw, hosts);
    if (refused === undefined) return next();
    measured.refusals.inc({ reason: "foreign" });
    return refused;
  });
  if (oauth !== undefined) {
    app.use(new URL(metadataUrl).pathname, cors());
    app.get(new URL(metadataUrl).pathname, (c) =>
      c.json({
        resource: resource.href,
        authorization_servers: [oauth.issuer],
        scopes_supported: ROLES.map((role) => scopes[role]),
        bearer_methods_supported: ["header"],
        resource_name: "atvm_prep",
      }),
    );
  }
  app.get("/metrics", async (c) => {
    const auth = await admitted(c, "viewer");
    if (auth instanceof Response) return auth;
    return c.body(await measured.text(), 200, { "content-type": measured.contentType });
  });
  app.all("/mcp", async (c) => {
    const auth = await admitted(c, "viewer");
    return auth instanceof Response ? auth : mcp.handle(c.req.raw, actorOf(auth).principal, auth);
  });
  app.get("/", (c) => c.redirect("/console"));
  const closing = new AbortController();
  app.route(
    "/console",
    approvalConsole({
      ...{ engine, log, clock, publicUrl, closing: closing.signal },
      ...(oauth?.console === undefined
        ? {}
        : {
            provider: providerSignIn({
              ...{ settings: { ...oauth, console: oauth.console }, scopes, get: options.get },
              callback: `${publicUrl}/console/sign-in/callback`,
            }),
          }),
    }),
  );
  app.onError((cause) => {
    log.error({ err: cause }, "a request failed");
    return failureResponse(cause);
  });
  return {
    fetch: (request, env) => app.fetch(request, env),
    async close() {
      closing.abort();
      measured.close();
      await mcp.close();
    },
  };
}

/** Those that are counted by name: what a client makes up must not become a label. */
const ROUTES: ReadonlySet<string> = new Set(["/mcp", "/metrics", "/healthz", "/readyz"]);

const remoteOf = ({ incoming }: Bindings): string => incoming.socket.remoteAddress ?? "unknown";
