import { MCPClient } from "@mastra/mcp";
import { check, holds, judge, seen, server, serverOf, setup } from "./checks.mjs";

async function connected(id, command) {
  const client = new MCPClient({ id, servers: { atvm: command } });
  const tools = await client.listTools();
  return { client, tools, call: (name, args) => tools[`atvm_${name}`].execute(args, {}) };
}

// It hands on the data alone.
const { client, tools, call } = await connected("lab", server);
await judge("Mastra", { names: async () => Object.keys(tools), call });
await client.disconnect();

await check("Mastra: the data of hundreds of VMs is no more than a model is shown", async () => {
  const many = await connected("many", serverOf(setup.many));
  for (const [name, args] of [
    ["list_vms", { lun: "Gold" }],
    ["prep_automated_testing", { lun: "Gold" }],
  ]) {
    const shown = seen(await many.call(name, args));
    holds(shown.length > 5_000 && shown.length < 22_000, `${shown.length} characters of ${name}`, shown);
  }
  await many.client.disconnect();
});
