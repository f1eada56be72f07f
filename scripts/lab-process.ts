/** The lab as a process of its own, for the demo and the checks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";

const ready = z.object({ control: z.object({ url: z.url() }), config: z.string() });

const labState = z.object({
  volumes: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(["gold", "clone"]),
      guid: z.string(),
      parentVolumeId: z.string().nullable(),
      parentSnapshotId: z.string().nullable(),
      dataVersion: z.number(),
    }),
  ),
  snapshots: z.array(z.object({ id: z.string(), name: z.string(), volumeId: z.string(), createdAt: z.string() })),
  clients: z.array(z.object({ id: z.string(), name: z.string(), hostAddress: z.string() })),
  assignments: z.array(z.object({ volumeId: z.string(), clientId: z.string() })),
  hosts: z.array(
    z.object({
      name: z.string(),
      mounts: z.array(
        z.object({ datastore: z.string(), naa: z.string(), forceMounted: z.boolean(), accessible: z.boolean() }),
      ),
    }),
  ),
  vms: z.array(z.object({ host: z.string(), powerState: z.string() })),
});
export type LabState = z.infer<typeof labState>;

export interface LabProcess {
  /** A configuration for it. */
  readonly config: string;
  /** The world as it is, from the lab's control interface. */
  state(): Promise<LabState>;
  stop(): Promise<void>;
}

/** Starts `dist/main.js lab`; what it writes goes beside `configFile`. */
export async function startLabProcess(configFile: string, flags: readonly string[] = []): Promise<LabProcess> {
  const child = spawn(process.execPath, ["dist/main.js", "lab", "--write-config", configFile, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the lab ended with ${code} before it was ready`)));
  });
  const { config, control } = ready.parse(JSON.parse(line));
  return {
    config,
    state: async () => labState.parse(await (await fetch(`${control.url}/state`)).json()),
    stop: async () => {
      if (child.exitCode !== null || !child.kill("SIGTERM")) return;
      await once(child, "exit");
    },
  };
}
