/** NetApp's own Ansible collection plays a round on the lab's ONTAP; our driver then reads the same world. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createOntap } from "../../src/array/ontap/array.ts";
import { startOntap } from "../../src/lab/arrays/ontap/server.ts";
import { SVM } from "../../src/lab/arrays/ontap/storage.ts";
import { ontapStyle } from "../../src/lab/arrays/ontap/style.ts";
import { makeCertificate } from "../../src/lab/http/certificate.ts";
import { World } from "../../src/lab/world/world.ts";
import { silentLog } from "../../src/logging/log.ts";
import { systemClock } from "../../src/platform/clock.ts";

const CREDENTIALS = { username: "vsadmin", password: "correct horse" };

/** `verdict` is told each check's line. */
export async function judgeByNetapp(verdict: (line: string) => void): Promise<void> {
  const tls = await makeCertificate();
  const world = new World({ scenario: { scenario: "empty" }, style: ontapStyle });
  const server = await startOntap({ world, credentials: CREDENTIALS, tls, port: 0 });
  const setup = {
    ...CREDENTIALS,
    port: server.port,
    svm: SVM.name,
    gold: world.model.volumes[0]?.name,
    initiator: world.model.clients[0]?.initiators[0],
  };
  const script = `${import.meta.dirname}/netapp_checks.py`;
  const child = spawn("/usr/bin/python3", [script, JSON.stringify(setup)], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
    child.once("error", () => resolve(null));
  });
  let checks = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("made ")) {
      verdict(line);
      checks += 1;
      continue;
    }
    const made: { naa: string; clone: string; igroup: string } = JSON.parse(line.slice("made ".length));
    await readBack(made, tls.cert, server.port, verdict);
    child.stdin.end("\n");
  }
  const code = await ended;
  if (code !== 0 || checks === 0)
    verdict(`not ok netapp.ontap: Ansible's collection is missing or its script died (${code})`);
  await server.close();
}

async function readBack(
  made: { naa: string; clone: string; igroup: string },
  ca: string,
  port: number,
  verdict: (line: string) => void,
): Promise<void> {
  const { reader, close } = createOntap({
    url: `https://127.0.0.1:${port}`,
    username: CREDENTIALS.username,
    password: () => CREDENTIALS.password,
    settings: { svm: SVM.name },
    tls: { ca },
    timeouts: { connectMs: 5_000, callMs: 30_000, jobMs: 60_000 },
    clock: systemClock,
    log: silentLog,
  });
  const [clone] = await reader.volumes({ name: made.clone });
  const [client] = await reader.clients({ name: made.igroup });
  const held = client === undefined ? [] : await reader.assignments({ clientId: client.id });
  const same = clone?.naa === `naa.${made.naa}`;
  verdict(`${same ? "ok" : "not ok"} netapp.ontap: our driver has the NAA that NetApp's code computes (${clone?.naa})`);
  const mapped = held.length === 1 && held[0]?.volumeId === clone?.id;
  verdict(`${mapped ? "ok" : "not ok"} netapp.ontap: our driver finds the clone assigned to the igroup`);
  await close();
}
