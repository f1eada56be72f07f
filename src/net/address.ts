/** An IPv6 address by itself needs brackets in a URL. */
export const bracketed = (address: string): string =>
  address.split(":").length > 2 && !address.startsWith("[") ? `[${address}]` : address;
