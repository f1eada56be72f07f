import { getAllMcpTools, MCPServerStdio, mcpToFunctionTool, RunContext, setTracingDisabled } from "@openai/agents";
import { check, holds, judge, server, serverOf, setup } from "./checks.mjs";

setTracingDisabled(true);
const mcp = new MCPServerStdio({ ...server, name: "atvm" });
await mcp.connect();
const tools = (await mcp.listTools()).map((tool) => mcpToFunctionTool(tool, mcp, false));
await judge("OpenAI Agents", {
  names: async () => tools.map(({ name }) => name),
  call: (name, args) => tools.find((tool) => tool.name === name).invoke(new RunContext(), JSON.stringify(args)),
});
await mcp.close();

await check("OpenAI Agents: two sites' tools are told apart by their prefix", async () => {
  const sites = setup.sites.map((config, at) => new MCPServerStdio({ ...serverOf(config), name: `site ${at}` }));
  for (const site of sites) await site.connect();
  const names = await getAllMcpTools({ mcpServers: sites }).then(
    (all) => all.map(({ name }) => name),
    (error) => error.message,
  );
  for (const site of sites) await site.close();
  holds(names.length === 38 && new Set(names).size === 38, "names", names);
});
