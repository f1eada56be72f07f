import { mcpToTool } from "@google/genai";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { check, holds, judge, server, serverOf, setup } from "./checks.mjs";

async function connected(command) {
  const client = new Client({ name: "genai", version: "3.3.0" });
  await client.connect(new StdioClientTransport(command));
  return client;
}
const namesOf = async (tool) => (await tool.tool()).functionDeclarations.map(({ name }) => name);

const client = await connected(server);
const tool = mcpToTool(client);
await judge("Google GenAI", { names: () => namesOf(tool), call: (name, args) => tool.callTool([{ name, args }]) });
await client.close();

await check("Google GenAI: two sites' tools are told apart by their prefix", async () => {
  const clients = await Promise.all(setup.sites.map((config) => connected(serverOf(config))));
  const names = await namesOf(mcpToTool(...clients)).catch((error) => error.message);
  for (const one of clients) await one.close();
  holds(names.length === 38 && new Set(names).size === 38, "names", names);
});
