import { afterEach } from "vitest";
import { type DgsServer, startDgs } from "../../../../src/lab/arrays/dgs/server.ts";
import { type Certificate, makeCertificate } from "../../../../src/lab/http/certificate.ts";
import type { ScenarioName } from "../../../../src/lab/world/scenarios.ts";
import { World } from "../../../../src/lab/world/world.ts";
import { ContractClient } from "./contract.ts";

let certificate: Promise<Certificate> | undefined;
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

export interface TestArray {
  world: World;
  server: DgsServer;
  api: ContractClient;
  credentials: { username: string; password: string };
}

/** An array in front of a world, and a client that is signed in. Closed after the test. */
export async function startArray(scenario: ScenarioName = "clone-assigned"): Promise<TestArray> {
  certificate ??= makeCertificate();
  const tls = await certificate;
  const world = new World({ scenario: { scenario } });
  const credentials = { username: "tester", password: "correct horse" };
  const server = await startDgs({ world, credentials, tls, port: 0 });
  const api = new ContractClient(`https://127.0.0.1:${server.port}`, tls.cert);
  open.push(server, api);
  await api.signIn(credentials);
  return { world, server, api, credentials };
}

/** The gold volume called `name`, its policy and its snapshots, oldest first. */
export function goldIn(world: World, name = "AutomatedTest-VMBootImg-Gold") {
  const gold = world.model.volumes.find((one) => one.name === name);
  if (gold?.policyId === undefined) throw new Error(`no gold ${name}`);
  const snapshots = world.model.snapshots.filter((one) => one.volumeId === gold.id);
  return { gold, policyId: gold.policyId, snapshots };
}
