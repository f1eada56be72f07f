import { MCPClient } from "@mastra/mcp";
import { check, holds, judge, printed, seen, server, serverOf, setup } from "./checks.mjs";

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

// It calls a tool again where a JSON-RPC error's words sound like a lost connection; a refusal is a result.
await check("Mastra: a refusal that says 'not connected' is asked for once", async () => {
  const away = await connected("away", serverOf(setup.away));
  const shown = seen(await away.call("prep_automated_testing", { lun: "Gold" }).catch((error) => error.message));
  await away.client.disconnect();
  holds(shown.includes("not connected to host"), "shown", shown);
  const rows = (await printed(process.execPath, [setup.main, "audit", "export", "--config", setup.away])).split("\n");
  const calls = rows.filter((row) => row.includes('"tool_called"'));
  holds(calls.length === 1, `${calls.length} calls`, calls);
});
