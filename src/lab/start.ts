import { randomBytes } from "node:crypto";
import { type LabArray, labArray } from "./arrays/kinds.ts";
import { startControl } from "./control/control.ts";
import { makeCertificate } from "./http/certificate.ts";
import { parseLag } from "./world/lag.ts";
import { parseLatency } from "./world/latency.ts";
import type { ScenarioName, ScenarioOptions } from "./world/scenarios.ts";
import { World } from "./world/world.ts";
import { type LabInfo, writeConfig } from "./write-config.ts";

export interface LabOptions {
  /** `clone-assigned` when left out. */
  scenario?: ScenarioName;
  vms?: number;
  running?: number;
  clients?: number;
  /** 0 or left out: a free one. */
  dgsPort?: number;
  vcenterPort?: number;
  /** As `--latency` spells it; none when left out. */
  latency?: string;
  /** As `--lag` spells it; none when left out. */
  lag?: string;
  /** Where to write a configuration for this lab. */
  writeConfig?: string;
  /** Which array's interface it speaks; `dgs` when left out. */
  array?: LabArray;
}

export interface RunningLab {
  info: LabInfo;
  /** The certificate of both servers, which is its own authority. */
  caPem: string;
  world: World;
  close(): Promise<void>;
}

/**
 * Starts one world with an array, a vCenter and the control interface in front of it, on loopback, with a certificate
 * and passwords made for it. Rejects with `RangeError` for a latency or a lag that cannot be read, with the system's error for a taken port.
 */
export async function startLab(options: LabOptions = {}): Promise<RunningLab> {
  const scenario = scenarioOf(options);
  const kind = options.array ?? "dgs";
  const { style, settings, start: startArray } = labArray(kind);
  const world = new World({
    scenario,
    latency: parseLatency(options.latency ?? ""),
    style,
  });
  const [tls, { startVcenter }] = await Promise.all([makeCertificate(), import("./vcenter/server/server.ts")]);
  const arrayUser = { username: "atvm-array", password: newPassword() };
  const vcenterUser = { username: "atvm@vsphere.local", password: newPassword() };

  const open: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.map((server) => server.close()));
  };
  const keep = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    open.push(server);
    return server;
  };
  try {
    const array = await keep(startArray({ world, credentials: arrayUser, tls, port: options.dgsPort ?? 0 }));
    const vcenter = await keep(startVcenter({ world, credentials: vcenterUser, tls, port: options.vcenterPort ?? 0 }));
    const control = await keep(
      startControl({
        world,
        port: 0,
        scenario,
        ops: { dgs: array.ops, vim: vcenter.ops },
        sessions: () => ({ dgs: array.sessions(), vim: vcenter.sessions() }),
      }),
    );
    const info: LabInfo = {
      dgs: { url: `https://127.0.0.1:${array.port}`, ...arrayUser },
      vcenter: { url: `https://127.0.0.1:${vcenter.port}/sdk`, ...vcenterUser, thumbprint: tls.thumbprint },
      control: { url: `http://127.0.0.1:${control.port}` },
    };
    if (options.writeConfig !== undefined) {
      info.config = await writeConfig(options.writeConfig, {
        info,
        pairs: pairsOf(world),
        array: { kind, ...(settings === undefined ? {} : { settings }) },
        nameOf: (name) => world.state.ids.style.volumeName(name),
      });
    }
    return { info, caPem: tls.cert, world, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function scenarioOf({ scenario = "clone-assigned", vms, running, clients, lag }: LabOptions): ScenarioOptions {
  return {
    scenario,
    ...(vms === undefined ? {} : { vms }),
    ...(running === undefined ? {} : { running }),
    ...(clients === undefined ? {} : { clients }),
    ...(lag === undefined ? {} : { lag: parseLag(lag) }),
  };
}

const newPassword = (): string => randomBytes(16).toString("hex");

const pairsOf = ({ model }: World): { client: string; host: string }[] =>
  model.clients.map(({ name, hostAddress }) => ({ client: name, host: hostAddress }));
