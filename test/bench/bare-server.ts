/** What a stdio server costs that does nothing: the SDK with 20 empty tools. Bundled and started by startup.ts. */
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

serveStdio(() => {
  const server = new McpServer({ name: "bare", version: "0.0.0" });
  for (let at = 1; at <= 20; at++) {
    server.registerTool(`tool_${at}`, { description: "Does nothing.", inputSchema: z.object({}) }, () => ({
      content: [],
    }));
  }
  return server;
});
