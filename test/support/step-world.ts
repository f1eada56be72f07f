/** A world for one step kind alone: real connections to a bench's lab, as the executor gives them to a step. */

import { afterAll } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { asVolumeId, type MoRef, naaOf } from "../../src/core/domain/ids.ts";
import { plainName } from "../../src/core/domain/safe-text.ts";
import { byNewest } from "../../src/core/observe/observe.ts";
import type { Snapshot } from "../../src/core/ports/array.ts";
import type { Systems } from "../../src/core/ports/runtime.ts";
import { checkStep } from "../../src/core/steps/catalog.ts";
import type { Act, KnownVolume, Outputs, Result, Step, WritableWorld } from "../../src/core/steps/types.ts";
import { silentLog } from "../../src/logging/log.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openSystems } from "../../src/systems/open-systems.ts";
import { assignedTo, type Bench, CLIENT, GOLD, HOST } from "./engine.ts";
import { configOf } from "./parts.ts";

export interface StepBench {
  /** The world as it is now, with what earlier steps are said to have left and changed. */
  world(left?: { outputs?: Record<string, Outputs>; changed?: readonly string[] }): Promise<WritableWorld>;
  /** What the client has of the family, as steps name it. */
  assigned(): Promise<{ volume: KnownVolume; assignmentId: string; clientId: string }>;
  /** The gold volume of the tests, its policy, and its snapshots, newest first. */
  gold(): Promise<{ volume: KnownVolume; snapshots: Snapshot[] }>;
  /** What the steps said of how far they were. */
  readonly progress: string[];
  /** The VMs that steps said they had stopped. */
  readonly stopped: MoRef[];
}

export async function stepBench(bench: Bench): Promise<StepBench> {
  bench.changesWithoutPlans();
  const config = await configOf(bench);
  const { systems } = await openSystems(config, silentLog, { reuseConnections: false });
  const connection: ReturnType<Systems["write"]> = systems().write();
  afterAll(() => connection.close());
  const progress: string[] = [];
  const stopped: MoRef[] = [];
  let keys = 0;
  return {
    progress,
    stopped,
    world: async ({ outputs = {}, changed = [] } = {}) => {
      const { hosts } = await connection.hypervisor.inventory();
      const host = hosts.find((one) => one.name === HOST);
      if (host === undefined) throw new Error("the lab has no such host");
      keys += 1;
      return {
        array: connection.array,
        hypervisor: connection.hypervisor,
        host,
        clock: systemClock,
        limits: {
          guestShutdownMs: config.limits.guestShutdown,
          deviceWaitMs: config.limits.deviceWait,
          busyTries: config.limits.busyTries,
          busyPauseMs: config.limits.busyPause,
        },
        origin: { runId: "run_0123456789abcdef", createdAt: "2026-11-21T03:04:05.000Z" },
        outputs: new Map(Object.entries(outputs)),
        changed: (stepId) => changed.includes(stepId),
        key: `step-bench.${keys}`,
        progress: (detail) => progress.push(detail),
        stopped: (vm) => stopped.push(vm),
        stoppedBy: async function* () {},
      };
    },
    gold: async () => {
      const [gold] = await connection.array.volumes({ name: GOLD });
      if (gold === undefined) throw new Error("the lab has no such gold volume");
      const snapshots = await connection.array.snapshots({ volumeId: gold.id });
      return {
        volume: { id: gold.id, naa: gold.naa, name: gold.name },
        snapshots: snapshots.toSorted(byNewest),
      };
    },
    assigned: async () => {
      const state = await bench.control.state();
      const [volume] = assignedTo(state);
      const client = state.clients.find((one) => one.name === CLIENT);
      const assignment = state.assignments.find((one) => one.volumeId === volume?.id && one.clientId === client?.id);
      if (volume === undefined || assignment === undefined) throw new Error("nothing is assigned");
      return {
        volume: { id: asVolumeId(volume.id), naa: naaOf(volume.guid), name: plainName(volume.name) },
        assignmentId: assignment.id,
        clientId: assignment.clientId,
      };
    },
  };
}

/** What a check gives where there is something to do. */
export async function actOf(step: Step, world: WritableWorld): Promise<Act> {
  const checked = await checkStep(step, world);
  if (typeof checked === "function") return checked;
  throw new Error(`${step.kind} has nothing to do: ${checked.detail}`);
}

/** What a check gives where there is nothing to do. */
export async function doneOf(step: Step, world: WritableWorld): Promise<Result> {
  const checked = await checkStep(step, world);
  if (typeof checked !== "function") return checked;
  throw new Error(`${step.kind} would act`);
}

/** Checks, acts where there is something to do, and checks again: twice is as good as once. */
export async function carryThrough(step: Step, world: WritableWorld): Promise<{ first: Result; again: Result }> {
  const first = await (await actOf(step, world))(world);
  return { first, again: await doneOf(step, world) };
}

/** Time that passes by waiting alone. */
export function hurried(world: WritableWorld): WritableWorld {
  let passed = 0;
  const sleep = async (ms: number): Promise<void> => {
    passed += ms;
  };
  return { ...world, clock: { ...world.clock, elapsed: () => passed, sleep } };
}

/** The code that `work` is refused with. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (thrown: unknown) => (thrown instanceof PrepError ? thrown.code : `no PrepError: ${String(thrown)}`),
  );
