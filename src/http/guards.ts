/** What is asked of every request before anything looks at what it wants. */
import { BlockList, isIP } from "node:net";
import { hostHeaderValidationResponse, originValidationResponse } from "@modelcontextprotocol/server";

/** The answer to a request for a host that this server is not, or from a page of another. */
export function foreignAnswer(request: Request, hosts: readonly string[]): Response | undefined {
  const allowed = [...hosts];
  return hostHeaderValidationResponse(request, allowed) ?? originValidationResponse(request, allowed);
}

/** Whose requests these are: the other end, or, behind a proxy that is believed, whom the proxy names. */
export function addressReader(
  proxies: readonly string[],
): (remote: string, forwardedFor: string | undefined) => string {
  const believed = new BlockList();
  for (const proxy of proxies) {
    const [address = "", bits] = proxy.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) believed.addAddress(address, family);
    else believed.addSubnet(address, Number(bits), family);
  }
  const isProxy = (address: string): boolean =>
    isIP(address) !== 0 && believed.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return (remote, forwardedFor) => {
    const hops = [...(forwardedFor ?? "").split(",").map((hop) => hop.trim()), remote].filter((hop) => hop !== "");
    // From the near end: what stands before the first that is no proxy of ours, anybody may have written.
    return hops.findLast((hop, at) => at === 0 || !isProxy(hop)) ?? remote;
  };
}
