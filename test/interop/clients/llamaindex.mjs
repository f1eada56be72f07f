import { mcp } from "@llamaindex/tools";
import { judge, server } from "./checks.mjs";

const client = mcp(server);
const tools = await client.tools();
await judge("LlamaIndex", {
  names: async () => tools.map(({ metadata }) => metadata.name),
  call: (name, args) => tools.find(({ metadata }) => metadata.name === name).call(args),
});
await client.cleanup();
