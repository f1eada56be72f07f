/**
 * Both ends of vim25, each held to what nobody here wrote. Debian's python3-pyvmomi, ruby-rbvmomi, ansible
 * (community.vmware) and govmomi drive the lab's vCenter, in their own processes, over TLS, with a fresh lab each; our
 * client drives govmomi's vCenter simulator.
 * With `clients`, MCP clients of others drive the built server instead (clients.ts), by hand: their packages are 750 MB.
 * Prints a line a check and `N passed, N failed`, and exits with 1 when any failed or a client is missing.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { makeCertificate } from "../../src/lab/http/certificate.ts";
import { methodNamed, methodNames, subtypesOf } from "../../src/lab/vcenter/schema/schema.ts";
import { startVcenter } from "../../src/lab/vcenter/server/server.ts";
import { assign, createClone } from "../../src/lab/world/array.ts";
import { World } from "../../src/lab/world/world.ts";
import { change } from "../support/change.ts";
import { judgeByMcpClients } from "./clients.ts";
import { judgeByNetapp } from "./netapp.ts";
import { type Check, judgeOurClient } from "./vcsim.ts";

const HERE = import.meta.dirname;
/** Debian's Go libraries lie as sources in a GOPATH. */
const environment = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "" };
const CREDENTIALS = { username: "interop@lab.test", password: "correct horse & <staple>" };
const HOST = "192.168.1.165";
const GOLD = "AutomatedTest-VMBootImg-Gold";
const tls = await makeCertificate();
const count = { passed: 0, failed: 0 };

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function verdict(line: string): void {
  say(line);
  if (line.startsWith("ok ")) count.passed += 1;
  else if (line.startsWith("not ok ")) count.failed += 1;
}

/** A new clone of a gold volume, assigned to the host and not yet seen by it. */
function assignCopy(world: World, gold: string): string {
  const { volumes, snapshots, clients } = world.model;
  const volume = volumes.find((one) => one.name === gold);
  const snapshot = snapshots.findLast((one) => one.volumeId === volume?.id);
  const client = clients.find((one) => one.hostAddress === HOST);
  if (volume?.policyId === undefined || snapshot === undefined || client === undefined) throw new Error("no such gold");
  const clone = change(world, createClone, volume.policyId, snapshot.id, `${gold}-copy`);
  change(world, assign, clone.id, client.id);
  return `naa.${clone.guid}`;
}

/** The name of the Datacenter that the host is in. */
function datacenterOf({ model }: World): string | undefined {
  const id = model.hosts.find(({ name }) => name === HOST)?.datacenterId;
  return model.datacenters.find((datacenter) => datacenter.id === id)?.name;
}

/** The exit code, or why there was no process. */
const ended = (child: ChildProcess): Promise<number | string | null> =>
  new Promise((resolve) => {
    child.once("close", resolve);
    child.once("error", (error) => resolve(error.message));
  });

/** Runs a client's script; its lines of checks are counted, and a script that dies counts as a failure. */
async function runClient(name: string, command: string, args: string[], input = ""): Promise<void> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: environment });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let checks = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    checks += 1;
    verdict(line);
  });
  const code = await ended(child);
  if (code !== 0 || checks === 0) {
    const why = Buffer.concat(errors).toString("utf8").trim().split("\n").slice(-3).join(" | ");
    verdict(`not ok ${name}: the client is missing or its script died (${code}): ${why}`);
  }
}

async function judgeBy(name: string, command: string, ...script: string[]): Promise<void> {
  const main = new World({ scenario: { scenario: "clone-assigned" } });
  const shared = new World({ scenario: { scenario: "one-datacenter" } });
  const copyNaa = assignCopy(main, "AutomatedTest-VMBootImg-Gold-2");
  assignCopy(shared, GOLD);
  const noTools = main.model.vms.find((vm) => vm.name === "web-02");
  if (noTools === undefined) throw new Error("the scenario has no web-02");
  noTools.toolsRunning = false;
  main.announce();
  main.faults.add({ api: "vim", op: "FindByDnsName", nth: EXPIRES_AT[name] ?? 1, action: { kind: "expire-session" } });
  const servers = await Promise.all(
    [main, shared].map((world) => startVcenter({ world, credentials: CREDENTIALS, tls, port: 0 })),
  );
  const setup = {
    ...CREDENTIALS,
    main: servers[0]?.port,
    shared: servers[1]?.port,
    host: HOST,
    label: GOLD,
    datacenter: datacenterOf(main),
    noTools: noTools.name,
    copyNaa,
  };
  await runClient(name, command, [...script, JSON.stringify(setup)]);
  await Promise.all(servers.map((server) => server.close()));
}

/** Which call of FindByDnsName finds the session expired: the scripts' last. */
const EXPIRES_AT: Readonly<Record<string, number>> = { pyvmomi: 2, rbvmomi: 1 };

/** The schema tables as `schema_checks.py` wants them; whether a field is required counts for what clients send. */
function schemaTables(): string {
  const REQUESTS = /Spec$|Query$|Filter$|Flags$|Options$/;
  // DynamicProperty and LocalizedMethodFault are shapes of the wire that pyVmomi folds into others.
  const types = [...subtypesOf("DynamicData"), ...subtypesOf("ManagedObject")]
    .filter(({ name }) => name !== "LocalizedMethodFault" && name !== "DynamicData")
    .map((type) => ({
      name: type.name,
      managed: type.managed,
      fields: type.fields.map((field) => ({ ...field, strict: REQUESTS.test(type.name) })),
    }));
  const methods = methodNames()
    .flatMap((name) => methodNamed(name) ?? [])
    .map(({ name, owner, params }) => ({
      name,
      owner,
      fields: params.fields.slice(1).map((field) => ({ ...field, strict: true })),
    }));
  return JSON.stringify({ types, methods });
}

/** Compiles a Go program of this folder; false, with a failed check to show for it, where that cannot be done. */
async function build(name: string, binary: string): Promise<boolean> {
  const child = spawn("/usr/bin/go", ["build", "-o", binary, `./${name}`], { cwd: HERE, env: environment });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const code = await ended(child);
  if (code !== 0)
    verdict(`not ok ${name}: Go or govmomi is missing, or it does not compile (${code}): ${oneLine(said)}`);
  return code === 0;
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, 400);

const checkOurs: Check = async (name, body) => {
  const failure = await body().then(
    () => undefined,
    (thrown: unknown) => oneLine(thrown instanceof Error ? `${thrown.message} ${thrown.stack ?? ""}` : String(thrown)),
  );
  verdict(failure === undefined ? `ok vcsim: ${name}` : `not ok vcsim: ${name}: ${failure}`);
};

async function judgeByGovmomi(): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/atvm-prep-interop-`);
  try {
    if (await build("govmomi", `${folder}/govmomi`)) await judgeBy("govmomi", `${folder}/govmomi`);
    if (await build("vcsim", `${folder}/vcsim`)) await judgeOurClient(`${folder}/vcsim`, checkOurs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function judgeSystems(): Promise<void> {
  await runClient("schema", "/usr/bin/python3", [`${HERE}/schema_checks.py`], schemaTables());
  await judgeBy("pyvmomi", "/usr/bin/python3", `${HERE}/pyvmomi_checks.py`);
  await judgeBy("rbvmomi", "/usr/bin/ruby", `${HERE}/rbvmomi_checks.rb`);
  await judgeBy("community.vmware", "/usr/bin/python3", `${HERE}/vmware_checks.py`);
  await judgeByGovmomi();
  await judgeByNetapp(verdict);
}

if (process.argv[2] === "clients") await judgeByMcpClients(runClient, verdict);
else await judgeSystems();
say(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 ? 0 : 1;
