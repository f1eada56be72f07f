/** The way to one system: name, proxy, certificate, clock. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Config } from "../../config/config.ts";
import { proxyFor, routeTo } from "../../config/proxy.ts";
import type { TlsReference } from "../../config/trust.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import { translateNetworkError } from "../../net/errors.ts";
import { presentedCertificate } from "../../net/presented.ts";
import { normalThumbprint } from "../../net/tls.ts";
import { checked, type Finding, failed, ok, warning } from "./finding.ts";

export interface Endpoint {
  /** What the operator calls it. */
  readonly system: string;
  readonly url: string;
  readonly tls: TlsReference;
  /** The part of the configuration that is about it. */
  readonly section: string;
}

/** Looks at the way to a system, without signing in. */
export async function checkConnection(endpoint: Endpoint, config: Config): Promise<Finding[]> {
  const { system, url } = endpoint;
  const { hostname, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const route = routeTo(url, config.proxy);
  const name = checked(`${system}: name`, async () => {
    if (isIP(host) !== 0) return ok(`${system}: name`, `${host} is an address`);
    if (route.kind === "proxy") return ok(`${system}: name`, `${host} is resolved by the proxy`);
    const found = await lookup(host, { all: true }).catch(() => []);
    if (found.length > 0) return ok(`${system}: name`, `${host} is ${found.map(({ address }) => address).join(", ")}`);
    const fix = `Check the spelling in ${endpoint.section}, and this machine's DNS: getent hosts ${host}`;
    return failed(`${system}: name`, `${host} cannot be resolved`, fix);
  });
  const way = ok(
    `${system}: way`,
    route.kind === "proxy"
      ? `through the proxy ${route.proxy.url} (${route.proxy.namedBy})`
      : `directly${route.because === undefined ? "" : `: ${route.because}`}`,
  );
  const certificate = protocol === "https:" ? checked(`${system}: TLS`, () => checkTls(endpoint, config)) : [];
  return [...(await name), way, ...(await certificate)];
}

const SOON_MS = 30 * 24 * 3_600_000;

async function checkTls({ system, url, tls, section }: Endpoint, config: Config): Promise<Finding[]> {
  const what = `${system}: TLS`;
  const { hostname, port } = new URL(url);
  const presented = await presentedCertificate({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 443 : Number(port),
    connectTimeout: config.limits.connect,
    proxy: proxyFor(url, config.proxy),
  }).catch((thrown: unknown) => {
    throw translateNetworkError(thrown, { system, address: url, section });
  });
  const shown = `${safeText(presented.subject, 120)}, SHA-256 ${presented.thumbprint}`;
  const pin = `If that is the one which ${system} itself shows, pin it with ${section}.tls: {thumbprint: ${normalThumbprint(presented.thumbprint)}}`;
  const days = Math.floor((presented.validTo.getTime() - Date.now()) / 86_400_000);
  const expiry =
    presented.validTo.getTime() - Date.now() > SOON_MS || "insecure" in tls
      ? []
      : [warning(what, `its certificate ${days < 0 ? "has expired" : `expires in ${days} days`}`, "Renew it in time.")];
  if ("insecure" in tls) return [warning(what, `NOT checked; presented is ${shown}`, pin)];
  if ("thumbprint" in tls) {
    return normalThumbprint(tls.thumbprint) === normalThumbprint(presented.thumbprint)
      ? [ok(what, `pinned: ${shown}`), ...expiry]
      : [failed(what, `presented is ${shown}, the pinned one differs`, pin)];
  }
  // Whether an authority of the configuration's vouches for it is for the sign-in to say, which uses it.
  if ("caFile" in tls) return [ok(what, `${shown}, to be vouched for by ${tls.caFile}`), ...expiry];
  if (presented.distrusted === undefined) return [ok(what, `${shown}, from an authority that Node trusts`), ...expiry];
  return [
    failed(what, `${shown}: not trusted (${presented.distrusted})`, `${pin}, or name its authority with {ca: FILE}`),
  ];
}

/** A difference that logs and expiry times can live with. */
const TOLERATED_MS = 30_000;

/** Compares a system's clock, read between `before` and `after`, with this machine's. */
export function checkClock(what: string, theirs: Date, before: number, after: number): Finding {
  const ahead = theirs.getTime() - (before + after) / 2;
  const seconds = Math.round(Math.abs(ahead) / 1_000);
  if (Math.abs(ahead) <= TOLERATED_MS) return ok(what, `within ${Math.max(seconds, 1)} s of this machine's`);
  return warning(
    what,
    `${seconds} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
    "Have both follow one time server: the ages of snapshots, and when plans and certificates expire, go by clocks.",
  );
}
