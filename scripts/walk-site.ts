/**
 * docs/site-setup.md, walked as it stands: against a lab whose certificate is its own authority's and whose vCenter account
 * has the documented role alone, with a service account that is made for it. At its end an assistant's client, over a real
 * sshd with the page's forced command, has a plan carried out. Wants root, as the page does, and a built executable.
 */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { startLab } from "../src/lab/start.ts";
import { privilegesOf } from "../src/vsphere/privileges.ts";
import { startSshd } from "../test/support/sshd.ts";
import { commandsOf, walk } from "./walk.ts";

const account = `atvm-walk-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "atvm-site-"));
// The service account has to get through to what is its own.
chmodSync(folder, 0o711);
const at = (name: string): string => join(folder, name);
const lab = await startLab();
const sshd = await startSshd(at("ssh"), at("state/.ssh/authorized_keys"));
try {
  const role = privilegesOf("automated_testing").flatMap(({ id }) => (id.startsWith("System.") ? [] : [id]));
  const restricted = await fetch(`${lab.info.control.url}/touch`, {
    method: "POST",
    body: JSON.stringify({ what: "restricted-role", privileges: role }),
  });
  assert.ok(restricted.ok, await restricted.text());
  writeFileSync(at("site-ca.pem"), lab.caPem);
  writeFileSync(at("array.password"), lab.info.dgs.password);
  writeFileSync(at("vcenter.password"), lab.info.vcenter.password);
  mkdirSync(at("operators"));
  mkdirSync(at("bin"), { mode: 0o755 });
  execFileSync("cp", [at("ssh/id.pub"), at("operators/alice.pub")]);
  await walk(
    commandsOf("docs/site-setup.md", {
      PROGRAM: resolve("build/atvm_prep"),
      BIN: at("bin"),
      ACCOUNT: account,
      CONF: at("etc"),
      STATE: at("state"),
      ARRAY: lab.info.dgs.url,
      ARRAY_USER: lab.info.dgs.username,
      VCENTER: new URL(lab.info.vcenter.url).host,
      VCENTER_USER: lab.info.vcenter.username,
      CA: at("site-ca.pem"),
    }),
    { cwd: folder },
  );

  // The operator's side: ssh as the service account, whose one key starts the server and nothing else.
  const ssh = ["-F", sshd.config, "-T", "-o", "BatchMode=yes", `${account}@${sshd.destination}`];
  const client = new Client({ name: "walk", version: "1.0.0" }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { approve: true } }));
  await client.connect(new StdioClientTransport({ command: "ssh", args: [...ssh, "touch", at("state/taken-over")] }));
  const call = async (name: string, args: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: args }, { timeout: 120_000 });
    assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
    return z
      .looseObject({ planToken: z.string().optional(), runId: z.string().optional(), state: z.string() })
      .parse(result.structuredContent);
  };
  const { planToken } = await call("prep_automated_testing", { lun: "Gold" });
  let run = await call("confirm_plan", { planToken });
  while (run.state === "queued" || run.state === "running") {
    run = await call("get_run", { runId: run.runId, waitSeconds: 20 });
  }
  await client.close();
  assert.equal(run.state, "succeeded");
  assert.throws(() => execFileSync("test", ["-e", at("state/taken-over")]), "the forced command was not the only one");
  console.log("site: set up by its page alone, and a run carried out over ssh under the service account");
} finally {
  await sshd.stop();
  await lab.close();
  try {
    execFileSync("userdel", [account], { stdio: "ignore" });
  } catch {
    // It was not made.
  }
  rmSync(folder, { recursive: true, force: true });
}
