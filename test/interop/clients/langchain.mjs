import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import { check, holds, judge, server, serverOf, setup } from "./checks.mjs";

const client = new MultiServerMCPClient({ mcpServers: { atvm: { transport: "stdio", ...server } } });
const tools = await client.getTools();
const call = async (name, args) => {
  const tool = tools.find((one) => one.name === name);
  const message = await tool.invoke({ type: "tool_call", id: "1", name, args });
  return message.content;
};
// It holds arguments against the schema by itself, and lets no null through.
await judge("LangChain", { names: async () => tools.map(({ name }) => name), nulls: false, call });
await client.close();

await check("LangChain: two sites' tools are told apart by their prefix", async () => {
  const [north, south] = setup.sites;
  const both = new MultiServerMCPClient({
    mcpServers: {
      north: { transport: "stdio", ...serverOf(north) },
      south: { transport: "stdio", ...serverOf(south) },
    },
  });
  const names = (await both.getTools()).map(({ name }) => name);
  await both.close();
  holds(new Set(names).size === 38, "names", names);
});
