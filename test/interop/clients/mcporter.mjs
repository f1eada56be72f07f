import { writeFile } from "node:fs/promises";
import { judge, printed, server, setup } from "./checks.mjs";

const bin = new URL("node_modules/.bin/mcporter", import.meta.url).pathname;
const file = `${setup.folder}/mcporter.json`;
await writeFile(file, JSON.stringify({ mcpServers: { atvm: server } }));
await judge("mcporter", {
  call: (name, args) => printed(bin, ["--config", file, "call", `atvm.${name}`, "--args", JSON.stringify(args)]),
});
