/**
 * Reads a datastore with its VMs through our adapter, once or more, and prints one JSON line with the times in ms, the first
 * with the sign-in. Argument: how often. Standard input: the lab's JSON line. Bundled and started by reads.ts.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";
import { systemClock } from "../../src/platform/clock.ts";
import { createVsphere } from "../../src/vsphere/vsphere.ts";

const lab = z.object({
  vcenter: z.object({ url: z.url(), username: z.string(), password: z.string(), thumbprint: z.string() }),
});
const { vcenter } = lab.parse(JSON.parse(await text(process.stdin)));
const times = Number(process.argv[2] ?? 1);
const silent = (): void => {};

const begun = performance.now();
const { reader, close } = createVsphere({
  address: new URL(vcenter.url).host,
  username: vcenter.username,
  password: () => vcenter.password,
  tls: { thumbprint: vcenter.thumbprint },
  timeouts: { connect: 10_000, call: 60_000, storage: 60_000, task: 60_000 },
  limits: { powerOff: 16, unregister: 8, register: 8 },
  clock: systemClock,
  log: { debug: silent, info: silent, warn: silent, error: silent },
});
const readMs: number[] = [];
let vms = 0;
let from = begun;
for (let read = 0; read < times; read++) {
  const { datastores } = await reader.inventory();
  const found = await reader.vmsOn(datastores.map((one) => one.id));
  readMs.push(performance.now() - from);
  from = performance.now();
  vms = found.length;
}
await close();
const rssMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ readMs, vms, rssMiB })}\n`);
