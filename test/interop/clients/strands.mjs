import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Agent, McpClient } from "@strands-agents/sdk";
import { judge, server } from "./checks.mjs";

const client = new McpClient({ transport: new StdioClientTransport(server) });
const tools = await client.listTools();
const agent = new Agent({ tools, printer: false });
await judge("Strands", {
  names: async () => tools.map(({ name }) => name),
  call: async (name, args) => {
    const tool = tools.find((one) => one.name === name);
    const steps = tool.stream({ toolUse: { name, toolUseId: "1", input: args }, agent });
    for (;;) {
      const { value, done } = await steps.next();
      if (done) return value.content;
    }
  },
});
await client.disconnect();
