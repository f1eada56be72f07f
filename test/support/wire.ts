/** Requests of MCP over HTTP by hand, for tests and benches. */

/** One JSON-RPC request in the dialect of 2026-07-28, by hand. */
export function modernRequest(method: string, params: Record<string, unknown> = {}, id = 1) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "by-hand", version: "1" },
  };
  const { name } = params;
  return {
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": name } : {}),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: meta } }),
  };
}

/** POSTs it to the server's `/mcp`, with a token or without. */
export const post = (
  server: { readonly url: string },
  request: { readonly headers: Record<string, string>; readonly body: string },
  token?: string,
): Promise<Response> =>
  fetch(server.url, {
    method: "POST",
    headers: { ...request.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: request.body,
  });
