/** By which way each system is reached: directly, or through an HTTP proxy that configuration or environment names. */
import { isIP } from "node:net";
import * as z from "zod";
import { bracketed } from "../net/address.ts";
import type { ProxySettings } from "../net/proxy.ts";
import { Secret } from "./secrets.ts";
import { type References, secret, text } from "./values.ts";

/** A proxy by reference: what it is called, and where its password is. */
export interface ProxyReference {
  /** Without credentials: fit to be shown. */
  readonly url: string;
  readonly username?: string;
  readonly password?: Secret;
  /** Who said so: `proxy` of the configuration, or a variable's name. */
  readonly namedBy: string;
}

/** Which proxy serves which kind of URL, and which hosts are reached without it. */
interface ProxyRules {
  readonly https?: ProxyReference;
  readonly http?: ProxyReference;
  readonly except: readonly string[];
  /** Who named `except`. */
  readonly exceptBy: string;
}

/** `because`: what of the settings leads past a proxy that is there. */
export type Route =
  | { readonly kind: "direct"; readonly because?: string }
  | { readonly kind: "proxy"; readonly proxy: ProxyReference };

const EXCEPTION_RULE =
  "has no effect as an exception: name a host, a domain (.example.net) or one address, with :PORT or without; networks, ranges and other patterns are not understood";

/**
 * `*`, a host, a domain with or without `.` or `*.` before it, one address, each with a port or without. What other
 * programs take besides (networks, ranges, `10.0.*`) would lead nowhere here, and is refused before someone relies on it.
 */
function hasEffect(exception: string): boolean {
  const { host } = splitPort(exception);
  if (host === "*" || isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  const isName = /^(\*?\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(host);
  const isPartOfAddresses = /^(\*?\.)?\d+(\.\d+)*(-|\.?$)/.test(host);
  return isName && !isPartOfAddresses;
}

const plainUrl = (raw: string): URL | undefined => {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.pathname + url.search + url.hash === "/"
    ? url
    : undefined;
};

/** `none`, a proxy, or, when nothing is said, what the environment says. */
export const proxy = (references: References) =>
  z
    .union(
      [
        z.literal("none"),
        z.strictObject({
          url: z
            .string()
            .refine((raw) => plainUrl(raw)?.username === "", {
              error: "must be a http(s) URL of a host and port, without user, password and path",
            })
            .describe("Address of the proxy, such as `http://proxy.example.net:3128`."),
          username: text.optional().describe("Account on the proxy, where it requires one."),
          password: secret(references).optional().describe("Password of that account."),
          except: z
            .array(text.refine(hasEffect, { error: EXCEPTION_RULE }))
            .default([])
            .describe(
              "Hosts that are reached without it: a host, a domain (`.example.net`) or one address, with `:PORT` or without.",
            ),
        }),
      ],
      { error: "must be none, or {url: http(s)://HOST:PORT, username?, password?, except?}" },
    )
    .optional()
    .transform((given, context): ProxyRules => {
      if (given === "none") return { except: [], exceptBy: "proxy" };
      if (given !== undefined) {
        const { username, password, url, except } = given;
        const named: ProxyReference = {
          url: new URL(url).origin,
          namedBy: "proxy",
          ...(username === undefined ? {} : { username }),
          ...(password === undefined ? {} : { password }),
        };
        return { https: named, http: named, except, exceptBy: "proxy.except" };
      }
      const fromEnvironment = environmentRules(references.env);
      if (typeof fromEnvironment !== "string") return fromEnvironment;
      context.issues.push({
        code: "custom",
        input: given,
        message: `cannot be taken from the environment: ${fromEnvironment}`,
      });
      return z.NEVER;
    })
    .describe(
      "The HTTP proxy on the way to both systems. `none`: go directly. Without it, the environment's `HTTPS_PROXY` (`HTTP_PROXY` for a plain http address) and `NO_PROXY` count; many programs that start an MCP server do not hand these on.",
    );

type Env = Readonly<Record<string, string | undefined>>;

/** As a sentence what makes the environment's own unusable. */
function environmentRules(env: Env): ProxyRules | string {
  const https = environmentProxy(env, "https_proxy");
  const http = environmentProxy(env, "http_proxy");
  if (typeof https === "string") return https;
  if (typeof http === "string") return http;
  if (https === undefined && http === undefined) return { except: [], exceptBy: "NO_PROXY" };
  const exceptBy = variableOf(env, "no_proxy") ?? "NO_PROXY";
  const except = (env[exceptBy] ?? "").split(/[,\s]+/).filter((entry) => entry !== "");
  const [idle] = except.filter((entry) => !hasEffect(entry));
  if (idle !== undefined) {
    return `${exceptBy} names ${idle}, which ${EXCEPTION_RULE}. Or set proxy here ({url, except}, or none)`;
  }
  return {
    ...(https === undefined ? {} : { https }),
    ...(http === undefined ? {} : { http }),
    except,
    exceptBy,
  };
}

/** The lower-case spelling comes first, as with curl. */
const variableOf = (env: Env, name: string): string | undefined =>
  [name, name.toUpperCase()].find((spelling) => (env[spelling] ?? "") !== "");

function environmentProxy(env: Env, name: string): ProxyReference | string | undefined {
  const namedBy = variableOf(env, name);
  if (namedBy === undefined) return undefined;
  const url = urlIn(env[namedBy] ?? "");
  // Its value is not shown: it may hold a password.
  if (url === undefined) return `${namedBy} is no http(s) URL of a host and port`;
  const { username } = url;
  return {
    url: url.origin,
    namedBy,
    ...(username === ""
      ? {}
      : {
          username: decodeURIComponent(username),
          password: Secret.fromEnv(namedBy, env, (value) => decodeURIComponent(urlIn(value)?.password ?? "")),
        }),
  };
}

/** As everywhere, `HOST:PORT` alone is meant as http. */
const urlIn = (value: string): URL | undefined => plainUrl(value.includes("://") ? value : `http://${value}`);

/** What a connection to `target`, an http(s) URL, needs to go its way; undefined: it goes directly. */
export function proxyFor(target: string, rules: ProxyRules): ProxySettings | undefined {
  const route = routeTo(target, rules);
  if (route.kind === "direct") return undefined;
  const { url, username, password } = route.proxy;
  return {
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: () => password.reveal() }),
  };
}

/** The way to `target`, an http(s) URL. */
export function routeTo(target: string, rules: ProxyRules): Route {
  const url = new URL(target);
  const named = url.protocol === "https:" ? rules.https : rules.http;
  if (named === undefined) return { kind: "direct" };
  const exception = rules.except.find((entry) => isExcepted(url, entry));
  if (exception !== undefined) return { kind: "direct", because: `${rules.exceptBy} names ${exception}` };
  return { kind: "proxy", proxy: named };
}

function isExcepted(url: URL, entry: string): boolean {
  const { host, port } = splitPort(entry.toLowerCase());
  const own = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (port !== undefined && port !== own) return false;
  if (host === "*") return true;
  const domain = host.replace(/^\*?\./, "").replace(/\.$/, "");
  const name = url.hostname.replace(/\.$/, "");
  // Two spellings of an IPv6 address are one in a URL.
  const named = `http://${bracketed(domain)}`;
  const same = URL.canParse(named) && new URL(named).hostname === name;
  return (same && !host.startsWith("*.")) || name.endsWith(`.${domain}`);
}

/** The colons of an IPv6 address without brackets separate no port. */
function splitPort(entry: string): { readonly host: string; readonly port?: string } {
  const [, host, port] = /^(\[.*\]|[^:]*):(\d{1,5})$/.exec(entry) ?? [];
  return host === undefined || port === undefined ? { host: entry } : { host, port };
}
