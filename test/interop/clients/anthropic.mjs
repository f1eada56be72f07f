import { mcpTools } from "@anthropic-ai/sdk/helpers/beta/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { judge, server } from "./checks.mjs";

const client = new Client({ name: "anthropic-tool-runner", version: "1.14.0" });
await client.connect(new StdioClientTransport(server));
const tools = mcpTools((await client.listTools()).tools, client);
await judge("Anthropic SDK", {
  names: async () => tools.map(({ name }) => name),
  call: async (name, args) => await tools.find((tool) => tool.name === name).run(args),
});
await client.close();
