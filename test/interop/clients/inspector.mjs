import { judge, printed, server } from "./checks.mjs";

const bin = new URL("node_modules/.bin/mcp-inspector", import.meta.url).pathname;
// The server's own --config is taken for the inspector's where no -- stands before it.
const inspect = (...options) => printed(bin, ["--cli", ...options, "--", server.command, ...server.args]);
await judge("MCP Inspector", {
  names: async () => JSON.parse(await inspect("--method", "tools/list")).tools.map(({ name }) => name),
  nulls: false,
  call: (name, args) => {
    const pairs = Object.entries(args).flatMap(([key, value]) => ["--tool-arg", `${key}=${value}`]);
    return inspect("--method", "tools/call", "--tool-name", name, ...pairs);
  },
});
