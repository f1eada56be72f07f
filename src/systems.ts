/** Connections to the configured array and vCenter, opened for one look or one run each. */
import { dirname } from "node:path";
import { systemClock } from "./clock.ts";
import { type Config, resolveTls, type TlsReference } from "./config/config.ts";
import { PrepError } from "./core/errors.ts";
import type { Logger, Systems, VcenterOverride } from "./core/ports.ts";
import type { StorageArray } from "./dgs/driver.ts";
import type { Vsphere } from "./vsphere/vsphere.ts";

/**
 * The function that the engine opens connections with. The configured secret and the configured pin go to the
 * configured vCenter only: another address is judged by the system's authorities and signed in to as the override says.
 */
export async function openSystems(config: Config, log: Logger): Promise<(override?: VcenterOverride) => Systems> {
  const [{ loadDriver }, { createVsphere }] = await Promise.all([
    import("./dgs/driver.ts"),
    import("./vsphere/vsphere.ts"),
  ]);
  const driver = await loadDriver(config.dgs.driver, config.file === undefined ? process.cwd() : dirname(config.file));
  const { limits } = config;

  const array = (): StorageArray =>
    driver.create({
      url: config.dgs.url,
      username: config.dgs.username,
      password: () => config.dgs.password.reveal(),
      tls: resolveTls(config.dgs.tls),
      timeouts: { connectMs: limits.connectMs, callMs: limits.dgsCallMs, jobMs: limits.dgsJobMs },
      clock: systemClock,
      log,
    });

  const vsphere = (override: VcenterOverride | undefined): Vsphere => {
    const address = override?.address ?? config.vcenter.address;
    const trusted: TlsReference = address === config.vcenter.address ? config.vcenter.tls : { system: true };
    const username = override?.username ?? config.vcenter.username;
    if (username === undefined) {
      throw new PrepError("CREDENTIALS_MISSING", "There is no vCenter user.", {
        hint: "Set vcenter.username in the configuration, or give -vu.",
      });
    }
    return createVsphere({
      address,
      username,
      password: () => override?.password ?? config.vcenter.password.reveal(),
      tls: resolveTls(trusted),
      timeouts: {
        connect: limits.connectMs,
        call: limits.vcenterCallMs,
        storage: limits.rescanMs,
        task: limits.vcenterTaskMs,
      },
      limits: { powerOff: limits.powerOff, unregister: limits.unregister, register: limits.register },
      clock: systemClock,
      log,
    });
  };

  const open = (override: VcenterOverride | undefined) => {
    const [dgs, vcenter] = [array(), vsphere(override)];
    return { dgs, vcenter, close: async () => void (await Promise.all([dgs.close(), vcenter.close()])) };
  };

  return (override) => ({
    endpoints: { dgs: config.dgs.url, vcenter: override?.address ?? config.vcenter.address },
    read: () => {
      const { dgs, vcenter, close } = open(override);
      return { array: dgs.reader, hypervisor: vcenter.reader, close };
    },
    write: () => {
      const { dgs, vcenter, close } = open(override);
      return { array: dgs.writer, hypervisor: vcenter.writer, close };
    },
  });
}
