/** Connections to the configured array and vCenter: one for the readings of a time and one for each run, or one for all that a command does. */
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ArrayOptions, StorageArray } from "../array/driver.ts";
import { NO_ARRAY } from "../array/kinds.ts";
import { createNone } from "../array/none.ts";
import type { Config } from "../config/config.ts";
import { proxyFor } from "../config/proxy.ts";
import { resolveTls, type TlsReference } from "../config/trust.ts";
import { PrepError } from "../core/domain/errors.ts";
import type { Logger, Systems, VcenterOverride } from "../core/ports/runtime.ts";
import type { ScriptRunner } from "../core/ports/script.ts";
import { bracketed } from "../net/address.ts";
import { systemClock } from "../platform/clock.ts";
import type { Vsphere } from "../vsphere/vsphere.ts";

/** Opens either system by itself: what is wrong with the other one does not show. */
export interface SystemFactories {
  array(): StorageArray;
  vsphere(override?: VcenterOverride): Vsphere;
  /** Only with `engine: script`. */
  readonly script?: (override?: VcenterOverride) => ScriptRunner;
}

/** What the configured array's driver is given. */
export function arrayOptions({ array, limits, proxy }: Config, log: Logger): ArrayOptions {
  const { kind: _kind, password, token, tls, ...named } = array;
  return {
    ...named,
    password: password && (() => password.reveal()),
    token: token && (() => token.reveal()),
    tls: resolveTls(tls),
    proxy: proxyFor(array.url, proxy),
    timeouts: { connectMs: limits.connect, callMs: limits.arrayCall, jobMs: limits.arrayJob },
    clock: systemClock,
    log,
  };
}

/** Errors, when a system is opened: what of its settings cannot be used. */
export async function loadSystemFactories(config: Config, log: Logger): Promise<SystemFactories> {
  const [{ loadDriver }, { createVsphere }] = await Promise.all([
    import("../array/load-driver.ts"),
    import("../vsphere/vsphere.ts"),
  ]);
  const { limits } = config;
  const { kind } = config.array;
  const baseDir = config.file === undefined ? process.cwd() : dirname(config.file);
  const driver = kind === NO_ARRAY ? undefined : await loadDriver(kind, baseDir);
  const script = config.engine === "script" ? await loadScript(config) : undefined;
  return {
    ...(script === undefined ? {} : { script }),
    array: () => driver?.create(arrayOptions(config, log)) ?? createNone(),
    vsphere: (override) => {
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
        proxy: proxyFor(vcenterUrl(address), config.proxy),
        timeouts: {
          connect: limits.connect,
          call: limits.vcenterCall,
          storage: limits.rescan,
          task: limits.vcenterTask,
        },
        limits: {
          powerOff: limits.powerOffs,
          unregister: limits.unregistrations,
          register: limits.registrations,
        },
        clock: systemClock,
        log,
      });
    },
  };
}

async function loadScript({ script, limits, vcenter }: Config): Promise<NonNullable<SystemFactories["script"]>> {
  const { createScript } = await import("../script/script.ts");
  return (override) =>
    createScript({
      command: script.command,
      ssh: script.ssh,
      log: script.log,
      prompts: script.prompts,
      password: async () => override?.password ?? (await vcenter.password.reveal()),
      timeoutMs: script.timeout,
      quietMs: script.quiet,
      connectMs: limits.connect,
      clock: systemClock,
    });
}

export const vcenterUrl = (address: string): string => `https://${bracketed(address)}`;

export interface OpenSystems {
  /** What the engine opens connections with. */
  readonly systems: (override?: VcenterOverride) => Systems;
  /** Signs out and closes what was kept open. Never throws. */
  close(): Promise<void>;
}

interface Sockets {
  readonly array: StorageArray;
  readonly vcenter: Vsphere;
  close(): Promise<void>;
}

interface Shared {
  readonly override: VcenterOverride | undefined;
  readonly sockets: Sockets;
  /** Those that are using it now. */
  users: number;
}

/**
 * The configured secret and the configured pin go to the configured vCenter only: another address is judged by the
 * system's authorities and signed in to as the override says. Readings that are made at the same time share one connection, which
 * signs in once and whose sockets are bounded, and the last of them signs out. With `reuseConnections`, whatever is opened
 * towards one vCenter is one connection until the run is over, or `close`, so that a command that plans, observes again and
 * runs signs in once; each end of a session or connection in between is renewed as ever.
 */
export async function openSystems(
  config: Config,
  log: Logger,
  { reuseConnections }: { reuseConnections: boolean },
): Promise<OpenSystems> {
  const factories = await loadSystemFactories(config, log);
  const shared: Shared[] = [];

  const open = (override: VcenterOverride | undefined): Sockets => {
    const [array, vcenter] = [factories.array(), factories.vsphere(override)];
    return { array, vcenter, close: async () => void (await Promise.all([array.close(), vcenter.close()])) };
  };
  const share = (override: VcenterOverride | undefined): Shared => {
    const found = shared.find((one) => isDeepStrictEqual(one.override, override));
    if (found !== undefined) return found;
    // A command uses it between its readings as well.
    const one = { override, sockets: open(override), users: reuseConnections ? 1 : 0 };
    shared.push(one);
    return one;
  };
  const drop = async (sockets: Sockets): Promise<void> => {
    const at = shared.findIndex((one) => one.sockets === sockets);
    if (at !== -1) shared.splice(at, 1);
    await sockets.close();
  };

  return {
    systems: (override) => ({
      endpoints: { array: config.array.url, vcenter: override?.address ?? config.vcenter.address },
      read: () => {
        const one = share(override);
        one.users += 1;
        return {
          array: one.sockets.array.reader,
          hypervisor: one.sockets.vcenter.reader,
          close: async () => {
            one.users -= 1;
            if (one.users === 0) await drop(one.sockets);
          },
        };
      },
      write: () => {
        const sockets = reuseConnections ? share(override).sockets : open(override);
        const { array, vcenter } = sockets;
        return {
          array: array.writer,
          hypervisor: vcenter.writer,
          ...(factories.script === undefined ? {} : { script: factories.script(override) }),
          close: () => drop(sockets),
        };
      },
    }),
    close: async () => void (await Promise.all(shared.splice(0).map(({ sockets }) => sockets.close()))),
  };
}
