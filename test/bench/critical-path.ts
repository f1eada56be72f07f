/** What has to come one after the other whatever the program: the plan's own graph, each step at the lab's latencies and nothing else. */
import { z } from "zod";
import type { Latency } from "../../src/lab/world/latency.ts";

const plan = z.object({
  steps: z.array(z.object({ id: z.string(), kind: z.string(), after: z.array(z.string()) })),
});
type Step = z.infer<typeof plan>["steps"][number];

interface Stage {
  readonly name: string;
  readonly ms: number;
}

export interface CriticalPath {
  readonly ms: number;
  readonly stages: readonly Stage[];
}

const POWER_OFFS_AT_ONCE = 16;
const UNREGISTERS_AT_ONCE = 8;

/** A step's own ms: a call can only be sent when the answer that it rests on is there, and vCenter's limits say how much is under way at once. */
function costOf({ kind, after }: Step, kinds: ReadonlyMap<string, string>, latency: Latency, vms: number): number {
  const { dgs, clone, vim, task, rescan, unresolved } = latency;
  const powerOffs = Math.ceil(vms / POWER_OFFS_AT_ONCE) * (vim + task);
  switch (kind) {
    // The call that starts the job, the job, and the reading that tells its end.
    case "create_clone":
      return 2 * dgs + clone;
    case "assign":
    case "unassign":
    case "delete_clone":
    case "rollback_volume":
      return 3 * dgs;
    case "power_off":
      return powerOffs;
    // Each as soon as it is off: the last ones that went off together are what is left to do.
    case "unregister":
      return powerOffs + Math.ceil(Math.min(vms, POWER_OFFS_AT_ONCE) / UNREGISTERS_AT_ONCE) * vim;
    case "unmount":
    case "detach":
    case "forget_device":
      return 2 * vim;
    case "attach":
    case "mount":
      return vim;
    // Two calls and the reading of what they brought; a repeat comes only where a disk was attached.
    case "rescan":
      return after.every((id) => kinds.get(id) === "attach") ? 0 : 2 * (vim + rescan) + vim;
    case "mount_copy":
      return 3 * vim + unresolved;
    default:
      throw new Error(`no time is known for a step of kind ${kind}`);
  }
}

/** `planned` is what `--dry-run --json` printed. */
export function criticalPath(planned: string, latency: Latency, vms: number): CriticalPath {
  const { vim, unresolved } = latency;
  const { steps } = plan.parse(JSON.parse(planned));
  const kinds = new Map(steps.map(({ id, kind }) => [id, kind]));
  const ends = new Map<string, CriticalPath>();
  for (const step of steps) {
    const before = longest(step.after.flatMap((id) => ends.get(id) ?? []));
    const ms = costOf(step, kinds, latency, vms);
    ends.set(step.id, { ms: before.ms + ms, stages: [...before.stages, { name: step.kind, ms }] });
  }
  const run = longest([...ends.values()]);
  const stages = [
    { name: "plan (services, sign-in, inventory, storage with the unresolved copies)", ms: 4 * vim + unresolved },
    { name: "approval (the state read again under the locks)", ms: 2 * vim + unresolved },
    // A run begins only on the state that was approved, which it compares itself, with the locks its own.
    { name: "run (the state read once more before its first step)", ms: 2 * vim + unresolved },
    ...run.stages.filter(({ ms }) => ms > 0),
  ];
  return { ms: stages.reduce((all, { ms }) => all + ms, 0), stages };
}

const longest = (paths: readonly CriticalPath[]): CriticalPath =>
  paths.reduce((most, path) => (path.ms > most.ms ? path : most), { ms: 0, stages: [] });

export const pathText = ({ stages }: CriticalPath): string =>
  stages.map(({ name, ms }) => `${name} ${ms} ms`).join("; ");

export const WHAT_A_CALL_TAKES =
  "A call takes its latency and nothing else in it: no process start, no TLS, no bytes, no disk.";
