import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as Stdio } from "@ai-sdk/mcp/mcp-stdio";
import { check, holds, judge, seen, server, serverOf, setup } from "./checks.mjs";

async function connected(command) {
  const client = await createMCPClient({ transport: new Stdio(command) });
  const tools = await client.tools();
  const call = async (name, args) => {
    const options = { toolCallId: "1", messages: [] };
    const output = await tools[name].execute(args, options);
    return await tools[name].toModelOutput({ ...options, input: args, output });
  };
  return { client, tools, call };
}

// It hands on the text alone.
const { client, tools, call } = await connected(server);
await judge("AI SDK", { names: async () => Object.keys(tools), call });
await client.close();

await check("AI SDK: the text of hundreds of VMs is no more than a model is shown", async () => {
  const many = await connected(serverOf(setup.many));
  for (const name of ["list_vms", "prep_automated_testing"]) {
    const shown = seen(await many.call(name, { lun: "Gold" }));
    holds(shown.length > 500 && shown.length < 22_000, `${shown.length} characters of ${name}`, shown);
  }
  await many.client.close();
});
