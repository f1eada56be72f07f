/** Bridges: one server, or one pipe of it, behind another way in. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { check, holds, judge, server, setup } from "./checks.mjs";

const bin = (name) => new URL(`node_modules/.bin/${name}`, import.meta.url).pathname;
const client = () => new Client({ name: "behind a bridge", version: "1" });

async function freePort() {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address();
  listening.close();
  await once(listening, "close");
  return port;
}

/** A bridge, from when somebody listens on its port. */
async function bridge(name, port, args) {
  const child = spawn(bin(name), args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const ended = once(child, "exit");
  for (let up = false; !up; ) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (!up) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return async () => {
    process.kill(-child.pid, "SIGTERM");
    await ended;
  };
}

async function connected(transport) {
  const one = client();
  await one.connect(transport);
  return one;
}

const handOver = (one) => ({
  names: async () => (await one.listTools()).tools.map(({ name }) => name),
  call: (name, args) => one.callTool({ name, arguments: args }),
});

await check("supergateway: a second client on one pipe is refused, and the first goes on", async () => {
  const port = await freePort();
  const stdio = [server.command, ...server.args].map((word) => `'${word}'`).join(" ");
  const stop = await bridge("supergateway", port, ["--stdio", stdio, "--port", `${port}`, "--outputTransport", "sse"]);
  try {
    const url = new URL(`http://127.0.0.1:${port}/sse`);
    const first = await connected(new SSEClientTransport(url));
    const second = await connected(new SSEClientTransport(url)).then(
      () => "taken in",
      (error) => error.message,
    );
    holds(second.includes("initialized before"), "the second client", second);
    holds((await first.listTools()).tools.length === 19, "the first", "no tools");
    await first.close();
  } finally {
    await stop();
  }
});

{
  const port = await freePort();
  const args = ["--port", `${port}`, "--host", "127.0.0.1", "--", server.command, ...server.args];
  const stop = await bridge("mcp-proxy", port, args);
  const one = await connected(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  await judge("mcp-proxy", handOver(one));
  await one.close();
  await stop();
}

{
  const args = [setup.url, "--allow-http", "--header", `Authorization:Bearer ${setup.token}`];
  const one = await connected(new StdioClientTransport({ command: bin("mcp-remote"), args, stderr: "ignore" }));
  await judge("mcp-remote", handOver(one));
  await one.close();
}
