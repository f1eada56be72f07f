import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { MCPTool } from "beeai-framework/tools/mcp";
import { judge, server } from "../checks.mjs";

const client = new Client({ name: "beeai", version: "0.1.30" });
await client.connect(new StdioClientTransport(server));
const tools = await MCPTool.fromClient(client);
await judge("BeeAI", {
  names: async () => tools.map(({ name }) => name),
  call: async (name, args) => (await tools.find((tool) => tool.name === name).run(args)).getTextContent(),
});
await client.close();
