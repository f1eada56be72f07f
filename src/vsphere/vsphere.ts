import type { HypervisorReader, HypervisorWriter } from "../core/ports/hypervisor.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import type { ProxySettings } from "../net/proxy.ts";
import type { TlsSettings } from "../net/tls.ts";
import { createDiagnosis, type VcenterDiagnosis } from "./diagnosis.ts";
import { VimHttp, type VsphereTimeouts } from "./http.ts";
import { createReader } from "./reader.ts";
import { Session } from "./session.ts";
import { Tasks } from "./tasks.ts";
import { createWriter, type VsphereLimits } from "./writer.ts";

export interface VsphereOptions {
  /** `host` or `host:port` of the vCenter. */
  readonly address: string;
  readonly username: string;
  /** Asked for when signing in; not kept, logged or put into errors. */
  readonly password: () => Promise<string> | string;
  readonly tls: TlsSettings;
  /** The HTTP proxy on the way; undefined: directly. */
  readonly proxy?: ProxySettings | undefined;
  readonly timeouts: VsphereTimeouts;
  readonly limits: VsphereLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Vsphere {
  readonly reader: HypervisorReader;
  readonly writer: HypervisorReader & HypervisorWriter;
  readonly diagnosis: VcenterDiagnosis;
  /** Signs out and closes the sockets. Never throws. */
  close(): Promise<void>;
}

/** The hypervisor over vim25. Connects and signs in with the first call; reader and writer share the session. */
export function createVsphere(options: VsphereOptions): Vsphere {
  const { address, clock, log, timeouts } = options;
  const session = new Session({
    http: new VimHttp(address, options.tls, timeouts, options.proxy),
    address,
    credentials: { username: options.username, password: options.password },
    clock,
    log,
  });
  const tasks = new Tasks({ session, clock, log, timeout: timeouts.task });
  const reader = createReader(session, tasks);
  return {
    reader,
    diagnosis: createDiagnosis(session),
    writer: { ...reader, ...createWriter({ session, tasks, clock, limits: options.limits }) },
    close: async () => {
      tasks.close();
      await session.close();
    },
  };
}
