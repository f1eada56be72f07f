/** What several step kinds need: references resolved, disks and mounts found by NAA, batches judged. */
import { type ErrorCode, PrepError } from "../domain/errors.ts";
import type { Naa } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { BatchOutcome, Datastore, Disk, HostDevices, VmfsMount, VmState } from "../ports/hypervisor.ts";
import type { Clock } from "../ports/runtime.ts";
import type { KnownVolume, VmRef, VolumeRef, World, WritableWorld } from "./types.ts";

export const labelOf = (volume: VolumeRef): string =>
  "from" in volume ? "the new clone" : `${volume.name} (${volume.naa})`;

/** The volume a step is about, by now. */
export function resolve(volume: VolumeRef, world: Pick<World, "outputs">): KnownVolume {
  if (!("from" in volume)) return volume;
  const made = world.outputs.get(volume.from)?.volume;
  if (made !== undefined) return made;
  throw new PrepError("OUTCOME_UNKNOWN", `Step ${volume.from} left no record of the volume it made.`, {
    hint: "Search for the clone on the array by the run's id in its name, then plan again.",
  });
}

export const diskOf = (storage: Pick<HostDevices, "disks">, naa: Naa): Disk | undefined =>
  storage.disks.find((disk) => disk.naa === naa);

export const mountOf = (storage: Pick<HostDevices, "mounts">, naa: Naa): VmfsMount | undefined =>
  storage.mounts.find((mount) => mount.extents.includes(naa));

/** Mounted and usable, as the host itself says. */
export const isMounted = (mount: VmfsMount | undefined): boolean => mount?.mounted === true && mount.accessible;

export const isOn = (vm: VmState): boolean => vm.powerState === "poweredOn";

/** `3 VMs: web-01, web-02, db-01`, at most `cap` names. */
export function nameVms(vms: readonly { readonly name: string }[], cap = 20): string {
  const names = vms.slice(0, cap).map((vm) => safeText(vm.name, 80));
  const more = vms.length > cap ? ` and ${vms.length - cap} more` : "";
  return `${vms.length} VM${vms.length === 1 ? "" : "s"}: ${names.join(", ")}${more}`;
}

/** What ends the hint where the time for devices was over. */
export const RAISE_DEVICE_WAIT = "Where it is only slow, raise limits.deviceWait in the configuration.";

/** Polls `find` until it gives something or the time is over; the first time is at once. */
export async function waitFor<T>(
  clock: Clock,
  limitMs: number,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = clock.elapsed() + limitMs;
  for (let pause = 100; ; pause = Math.min(pause * 2, 5_000)) {
    const found = await find();
    if (found !== undefined || clock.elapsed() >= deadline) return found;
    await clock.sleep(pause);
  }
}

const isBusy = (thrown: unknown): thrown is PrepError =>
  thrown instanceof PrepError && thrown.code === "REMOTE_FAULT" && thrown.retryable;

/** The refusal that stayed: its own reason, and how often it was given. */
const afterTries = (refused: PrepError, tries: number): PrepError =>
  new PrepError(refused.code, `${refused.message} It was refused ${tries} time${tries === 1 ? "" : "s"}.`, {
    ...refused,
    cause: refused,
  });

/** Makes a call again that is refused because something else is at it; the last refusal, where it stays so. */
export async function whileBusy<T>(world: WritableWorld, call: () => Promise<T>): Promise<T> {
  const { busyTries, busyPauseMs } = world.limits;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (thrown) {
      if (!isBusy(thrown)) throw thrown;
      if (attempt >= busyTries) throw afterTries(thrown, busyTries);
      world.progress(`${thrown.message} Waiting; try ${attempt + 1} of ${busyTries} follows.`);
      await world.clock.sleep(busyPauseMs);
    }
  }
}

/** The same for several things at once: those that are refused for the moment are tried again, together. */
export async function eachWhileBusy<Id extends string, Outcome extends BatchOutcome>(
  world: WritableWorld,
  ids: readonly Id[],
  call: (ids: readonly Id[]) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const { busyTries, busyPauseMs } = world.limits;
  const ended = new Map<string, Outcome>();
  let left = ids;
  for (let attempt = 1; ; attempt += 1) {
    for (const outcome of await call(left)) ended.set(outcome.id, outcome);
    const refused = left.flatMap((id) => {
      const error = ended.get(id)?.error;
      return isBusy(error) ? { id, why: error.message } : [];
    });
    const [first] = refused;
    if (first === undefined || attempt >= busyTries) return ids.flatMap((id) => ended.get(id) ?? []);
    left = refused.map(({ id }) => id);
    world.progress(`${left.length} refused: ${first.why} Waiting; try ${attempt + 1} of ${busyTries} follows.`);
    await world.clock.sleep(busyPauseMs);
  }
}

/** How long vCenter may take to show what its own task has done. */
export const SETTLE_MS = 5_000;

export type Verification<T> =
  | { readonly kind: "seen"; readonly value: T }
  /** It was looked at, and is not so. */
  | { readonly kind: "unseen" }
  /** It could not be looked at. */
  | { readonly kind: "unverified"; readonly error: PrepError };

const READ_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "UNREACHABLE",
  "TIMED_OUT",
  "RATE_LIMITED",
  "AUTHENTICATION_FAILED",
  "REMOTE_FAULT",
  "REMOTE_GARBAGE",
]);

/**
 * Polls for what a change has brought about. A read that fails tells nothing of the change, so it is repeated, at least
 * once however long it took: a step whose change was made does not fail because it could not be looked at.
 */
export async function verify<T>(
  clock: Clock,
  limitMs: number,
  find: () => Promise<T | undefined>,
): Promise<Verification<T>> {
  let last: PrepError | undefined;
  let reads = 0;
  const readOnce = async (): Promise<T | undefined> => {
    reads += 1;
    try {
      const found = await find();
      last = undefined;
      return found;
    } catch (thrown) {
      if (!(thrown instanceof PrepError) || !READ_FAILURES.has(thrown.code)) throw thrown;
      last = thrown;
      return undefined;
    }
  };
  const polled = await waitFor(clock, limitMs, readOnce);
  const value = last !== undefined && reads === 1 ? await readOnce() : polled;
  if (value !== undefined) return { kind: "seen", value };
  return last === undefined ? { kind: "unseen" } : { kind: "unverified", error: last };
}

/** The datastore on a disk, as vCenter lists it in the host's Datacenter. */
export async function datastoreOf(
  naa: Naa,
  { hypervisor, host }: Pick<World, "hypervisor" | "host">,
): Promise<Datastore | undefined> {
  const { datastores } = await hypervisor.inventory();
  return datastores.find((one) => one.datacenterId === host.datacenter.id && one.extents.includes(naa));
}

/** The planned VMs as they are now. One that is gone is left out; one of the same id at another place is not the planned one. */
export async function currentVms(vms: readonly VmRef[], world: World): Promise<VmState[]> {
  const now = new Map((await world.hypervisor.vmStates(vms.map((vm) => vm.id))).map((vm) => [vm.id, vm]));
  return vms.flatMap((was) => {
    const vm = now.get(was.id);
    if (vm !== undefined && vm.path !== "" && was.path !== "" && vm.path !== was.path) {
      throw new PrepError("STALE_PLAN", `VM ${was.name} (${vm.id}) is not where the plan found it.`, {
        found: { vm: vm.id, planned: safeText(was.path), now: safeText(vm.path) },
        hint: "Plan again: the new plan shows where it is now.",
      });
    }
    return vm ?? [];
  });
}

/** Throws what went wrong with a batch, naming each thing, by its id where it has no name; the first failure's code stands for all. `advice` follows its hint. */
export function judgeBatch(
  outcomes: readonly BatchOutcome[],
  names: ReadonlyMap<string, string>,
  action: string,
  advice?: string,
): void {
  const failed = outcomes.flatMap(({ id, error }) => (error === undefined ? [] : { id, error }));
  const [first] = failed;
  if (first === undefined) return;
  const found = failed
    .slice(0, 20)
    .map(({ id, error }) => ({ id, name: safeText(names.get(id) ?? id, 80), error: safeText(error.message) }));
  const cause = first.error;
  const code = cause instanceof PrepError ? cause.code : "REMOTE_FAULT";
  const hint =
    cause instanceof PrepError ? cause.hint : "Check the tasks in vCenter, mend the cause, then resume the run.";
  throw new PrepError(
    code,
    `${action} failed for ${failed.length} of ${outcomes.length}: ${found
      .map((one) => `${one.name}: ${one.error}`)
      .slice(0, 3)
      .join("; ")}`,
    {
      found: { failed: found },
      hint: advice === undefined ? hint : `${hint} ${advice}`,
      cause,
    },
  );
}

export const namesById = (vms: readonly VmRef[]): Map<string, string> => new Map(vms.map((vm) => [vm.id, vm.name]));
