/** Whether this machine is the one on which changes are made. */
import { hostname, networkInterfaces } from "node:os";

/** Changes are made on the configured controller only: the machine with this name and address. As a sentence why it is not this one. */
export function wrongController(controller: { hostname: string; address: string } | undefined): string | undefined {
  if (controller === undefined) return undefined;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
  const here = hostname();
  const named = here === controller.hostname || here.split(".")[0] === controller.hostname;
  if (named && addresses.includes(controller.address)) return undefined;
  return `Changes are made on ${controller.hostname} (${controller.address}) only; this is ${here}. \`ssh ${controller.hostname}\` leads there, and the plan's command does the same there.`;
}
