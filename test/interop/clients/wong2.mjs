import { writeFile } from "node:fs/promises";
import { judge, printed, server, setup } from "./checks.mjs";

const bin = new URL("node_modules/.bin/mcp-cli", import.meta.url).pathname;
const file = `${setup.folder}/mcp-cli.json`;
await writeFile(file, JSON.stringify({ mcpServers: { atvm: server } }));
await judge("mcp-cli", {
  call: (name, args) => printed(bin, ["--config", file, "call-tool", `atvm:${name}`, "--args", JSON.stringify(args)]),
});
