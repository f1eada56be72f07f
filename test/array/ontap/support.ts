import { onTestFinished } from "vitest";
import type { ArrayOptions, StorageArray } from "../../../src/array/driver.ts";
import { createOntap } from "../../../src/array/ontap/array.ts";
import { type OntapServer, startOntap } from "../../../src/lab/arrays/ontap/server.ts";
import { ontapStyle } from "../../../src/lab/arrays/ontap/style.ts";
import { type Certificate, makeCertificate } from "../../../src/lab/http/certificate.ts";
import type { ScenarioOptions } from "../../../src/lab/world/scenarios.ts";
import { World } from "../../../src/lab/world/world.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { memoryLog } from "../dgs/support.ts";

const CREDENTIALS = { username: "vsadmin", password: "canary-password" };
export const TOKEN = "canary-token-0123456789";
export const GOLD = "AutomatedTest_VMBootImg_Gold";

let certificate: Promise<Certificate> | undefined;

export interface TestLab {
  readonly world: World;
  readonly server: OntapServer;
  readonly log: ReturnType<typeof memoryLog>;
  readonly options: ArrayOptions;
  /** Closed when the test is over. */
  connect(more?: Partial<ArrayOptions>): StorageArray;
  close(): Promise<void>;
}

export async function startLab(
  lab: { scenario?: ScenarioOptions; doubts?: string; version?: string } = {},
): Promise<TestLab> {
  const { scenario = { scenario: "empty" as const }, ...more } = lab;
  certificate ??= makeCertificate();
  const tls = await certificate;
  const world = new World({ scenario, style: ontapStyle });
  const server = await startOntap({ world, credentials: CREDENTIALS, token: TOKEN, tls, port: 0, ...more });
  const log = memoryLog();
  const options: ArrayOptions = {
    url: `https://127.0.0.1:${server.port}`,
    username: CREDENTIALS.username,
    password: () => CREDENTIALS.password,
    tls: { ca: tls.cert },
    timeouts: { connectMs: 5_000, callMs: 10_000, jobMs: 60_000 },
    clock: systemClock,
    log,
    settings: { svm: "lab1" },
  };
  const close = (): Promise<void> => server.close();
  return {
    world,
    server,
    log,
    options,
    close,
    connect: (changed = {}) => {
      const array = createOntap({ ...options, ...changed });
      onTestFinished(() => array.close());
      return array;
    },
  };
}
