/** Addresses as people and systems write them: names without regard to case, IPv6 by what it means, brackets or not. */
export function plainAddress(address: string): string {
  const name = address.trim().toLowerCase();
  const inner = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  // A URL has one spelling of an IPv6 address.
  const url = `http://[${inner}]`;
  return inner.includes(":") && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : inner;
}

export const isSameAddress = (one: string, other: string): boolean => plainAddress(one) === plainAddress(other);

/** The same for `host` or `host:port`, where the colons of an IPv6 address without brackets separate no port. */
export function isSameEndpoint(one: string, other: string): boolean {
  const [a, b] = [one, other].map((endpoint) => {
    const [, host = endpoint, port = "443"] = /^(\[.*\]|[^:]*):(\d+)$/.exec(endpoint.trim()) ?? [];
    return `${plainAddress(host)} ${Number(port)}`;
  });
  return a === b;
}
