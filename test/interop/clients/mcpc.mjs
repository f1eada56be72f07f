import { writeFile } from "node:fs/promises";
import { judge, printed, server, setup } from "./checks.mjs";

const bin = new URL("node_modules/.bin/mcpc", import.meta.url).pathname;
const file = `${setup.folder}/mcpc.json`;
await writeFile(file, JSON.stringify({ mcpServers: { atvm: server } }));
const env = { HOME: setup.folder, MCPC_HOME_DIR: `${setup.folder}/mcpc` };
const mcpc = (...words) => printed(bin, words, { env });
await mcpc("connect", `${file}:atvm`, "@atvm");
await judge("mcpc", {
  call: (name, args) => mcpc("@atvm", "tools-call", name, JSON.stringify(args)),
});
await mcpc("close", "@atvm");
