import { afterAll } from "vitest";
import { z } from "zod";
import type { LabArray } from "../../src/lab/arrays/kinds.ts";
import { type LabOptions, type RunningLab, startLab } from "../../src/lab/start.ts";
import { ARRAY, opBack, opOf } from "./array-under-test.ts";

const id = z.string();
export const State = z.looseObject({
  volumes: z.array(
    z.looseObject({
      id,
      name: id,
      kind: z.enum(["gold", "clone"]),
      guid: id,
      policyId: id.nullable(),
      parentVolumeId: id.nullable(),
      parentSnapshotId: id.nullable(),
      dataVersion: z.number(),
    }),
  ),
  snapshots: z.array(z.looseObject({ id, name: id, volumeId: id, createdAt: id })),
  clients: z.array(z.looseObject({ id, name: id, hostAddress: id })),
  assignments: z.array(z.looseObject({ id, volumeId: id, clientId: id })),
  hosts: z.array(
    z.looseObject({
      id,
      name: id,
      client: id,
      datacenter: id,
      connected: z.boolean(),
      disks: z.array(id),
      detached: z.array(id),
      mounts: z.array(
        z.looseObject({ datastore: id, vmfsUuid: id, naa: id, forceMounted: z.boolean(), accessible: z.boolean() }),
      ),
      unmounted: z.array(z.looseObject({ vmfsUuid: id, naa: id })),
      unresolved: z.array(z.looseObject({ vmfsUuid: id, naa: id })),
    }),
  ),
  datastores: z.array(z.looseObject({ id, name: id, vmfsUuid: id, naa: z.array(id), hosts: z.array(id) })),
  vms: z.array(
    z.looseObject({
      id,
      name: id,
      instanceUuid: id,
      path: id,
      datastore: id,
      host: id,
      powerState: z.enum(["poweredOn", "poweredOff", "suspended"]),
      template: z.boolean(),
      connectionState: id,
    }),
  ),
  files: z.array(z.looseObject({ volumeId: id, path: id })),
  mutations: z.array(
    z.looseObject({ seq: z.number(), at: id, api: z.enum(["dgs", "vim"]), op: id, target: id, by: id }),
  ),
});
export type LabState = z.infer<typeof State>;

const counts = z.record(z.string(), z.number());
const Calls = z.looseObject({ dgs: counts, vim: counts, totals: z.object({ dgs: z.number(), vim: z.number() }) });
export type LabCalls = z.infer<typeof Calls>;

const Touched = z.looseObject({ what: z.string(), changed: z.array(id) });

/** The control interface over HTTP; each method rejects with the lab's own words when it is refused. */
export class ControlClient {
  readonly #url: string;
  readonly #array: LabArray;

  /** Operations of the array are called as docs/dgs-api.yaml has them, whichever it is. */
  constructor(url: string, array: LabArray = "dgs") {
    this.#url = url;
    this.#array = array;
  }

  async state(): Promise<LabState> {
    const state = State.parse(await this.#send("GET", "/state"));
    for (const mutation of state.mutations) if (mutation.api === "dgs") mutation.op = opBack(mutation.op, this.#array);
    return state;
  }
  /** Calls by operation since the start or the last reset. */
  async calls(): Promise<LabCalls> {
    const calls = Calls.parse(await this.#send("GET", "/calls"));
    const dgs = Object.entries(calls.dgs).map(([op, count]) => [opBack(op, this.#array), count] as const);
    return { ...calls, dgs: Object.fromEntries(dgs) };
  }
  async reset(to: object = {}): Promise<void> {
    await this.#send("POST", "/reset", to);
  }
  /** Adds a fault such as `{ api: "dgs", op: "CloneSnapshot", action: "reset-after" }`. */
  async faults(fault: {
    api: "dgs" | "vim" | "*";
    op: string;
    nth?: number;
    times?: number;
    action: string;
    localizedMessage?: string;
    faultCause?: { fault: string };
  }): Promise<void> {
    const op = fault.api === "vim" ? fault.op : opOf(fault.op, this.#array);
    await this.#send("POST", "/faults", { ...fault, op });
  }
  async clearFaults(): Promise<void> {
    await this.#send("DELETE", "/faults");
  }
  /** Returns the ids of what changed. */
  async touch(what: string, on: Record<string, string> = {}): Promise<string[]> {
    return Touched.parse(await this.#send("POST", "/touch", { what, ...on })).changed;
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }
}

const open: RunningLab[] = [];

afterAll(async () => {
  await Promise.all(open.splice(0).map((lab) => lab.close()));
});

/** Starts a lab on free ports and a client of its control interface. The lab is closed at the end of the test file. */
export async function withLab(options: LabOptions = {}): Promise<{ lab: RunningLab; control: ControlClient }> {
  const array = options.array ?? ARRAY;
  const lab = await startLab({ ...options, array });
  open.push(lab);
  return { lab, control: new ControlClient(lab.info.control.url, array) };
}
