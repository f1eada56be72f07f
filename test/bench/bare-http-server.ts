/** What an HTTP server costs that does nothing: the SDK with 20 empty tools. Bundled and started by http.ts; prints its URL. */
import { createAdaptorServer } from "@hono/node-server";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "0.0.0" });
  for (let at = 1; at <= 20; at++) {
    server.registerTool(`tool_${at}`, { description: "Does nothing.", inputSchema: z.object({}) }, () => ({
      content: [],
    }));
  }
  return server;
});
const server = createAdaptorServer({ fetch: (request) => handler.fetch(request) });
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has a port");
  process.stdout.write(`http://127.0.0.1:${address.port}/mcp\n`);
});
