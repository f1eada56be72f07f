import { PrepError } from "../core/domain/errors.ts";
import type { MoRef } from "../core/domain/ids.ts";
import type { BatchOutcome, BatchProgress } from "../core/ports/hypervisor.ts";
import type { Clock } from "../core/ports/runtime.ts";
import { Collector, type ObjectChange, readNow } from "./collector.ts";
import { isFault, isUnsupported } from "./faults.ts";
import { Pacer } from "./pacer.ts";
import { ALREADY_DONE, type Session } from "./session.ts";
import { createStillNeeded } from "./still-needed.ts";
import { type Reference, refTo, text } from "./values.ts";
import { readTools } from "./vms.ts";

const RECOVERIES = 4;
const FIRST_PAUSE_MS = 250;
const POLL_MS = 1000;
const LONGEST_PAUSE_MS = 5_000;
const POWER = "runtime.powerState";

type AtOnce = <T>(job: () => Promise<T>) => Promise<T>;

/**
 * Asks each guest to shut down, then waits for all of them over one filter. A guest that was asked with its reply lost is
 * waited for as well: its power state tells what became of it.
 */
export async function shutDownGuests(
  context: { session: Session; clock: Clock },
  vms: readonly MoRef[],
  options: {
    timeoutMs: number;
    progress?: BatchProgress | undefined;
    atOnce: AtOnce;
  },
): Promise<BatchOutcome[]> {
  const errors = new Map<MoRef, Error>();
  const running = new Set<MoRef>(vms);
  const tellProgress = (): void => options.progress?.(vms.length - running.size, vms.length);
  await Promise.all(
    vms.map(async (id) => {
      const refused = await askWhenTheyRun(context, id, options);
      if (refused === "off") running.delete(id);
      else if (refused !== undefined) {
        errors.set(id, refused);
        running.delete(id);
      }
      tellProgress();
    }),
  );
  await waitUntilOff(context, running, options.timeoutMs, tellProgress);
  // What was watched may have been cut, or the last of it late: a guest that is off by now is not called running.
  if (running.size > 0) dropStopped(running, await readPower(context.session, running).catch(() => []));
  for (const id of running) errors.set(id, stillRunning(id, options.timeoutMs));
  return vms.map((id) => {
    const error = errors.get(id);
    return error === undefined ? { id } : { id, error };
  });
}

/** As `ask`, again and again while the guest's tools are starting and `timeoutMs` is not over. */
async function askWhenTheyRun(
  { session, clock }: { session: Session; clock: Clock },
  id: MoRef,
  { timeoutMs, atOnce }: { timeoutMs: number; atOnce: AtOnce },
): Promise<Error | "off" | undefined> {
  const deadline = clock.elapsed() + timeoutMs;
  let ran = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const refused = await atOnce(() => ask(session, id));
    if (!isFault(refused, "ToolsUnavailable") || clock.elapsed() >= deadline) return refused;
    // Where that cannot be read, what was refused stands.
    const tools = await readTools(session, id).catch(() => undefined);
    // They may have come up after the refusal, which is worth one more try.
    if (tools === undefined || (tools === "running" && ran)) return refused;
    ran = tools === "running";
    await clock.sleep(pause);
  }
}

/** Undefined once the guest is asked, `"off"` when there is nothing to ask, else why it could not be. */
async function ask(session: Session, id: MoRef): Promise<Error | "off" | undefined> {
  try {
    const answer = await session.call({
      operation: "ShutdownGuest",
      args: { _this: refTo("VirtualMachine", id) },
      action: `shut down the guest of ${id}`,
      stillNeeded: createStillNeeded(session).runs(id),
    });
    return answer === ALREADY_DONE ? "off" : undefined;
  } catch (thrown) {
    if (isFault(thrown, "InvalidPowerState")) return "off";
    if (thrown instanceof PrepError && thrown.code === "OUTCOME_UNKNOWN") return undefined;
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

/** Takes VMs out of `running` as they go off; returns when none is left or the time is over. */
async function waitUntilOff(
  { session, clock }: { session: Session; clock: Clock },
  running: Set<MoRef>,
  timeoutMs: number,
  tellProgress: () => void,
): Promise<void> {
  if (running.size === 0) return;
  const over = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(timeoutMs, done.signal).then(() => over.abort());
  let failures = 0;
  let polls = false;
  let collector: Collector | undefined;
  const pacer = new Pacer(clock, POLL_MS);
  while (running.size > 0 && !over.signal.aborted) {
    try {
      if (!polls) collector ??= await watchPower(session, running);
      const { size } = running;
      const changes = await (collector?.next(over.signal) ?? readPower(session, running));
      dropStopped(running, changes);
      failures = 0;
      tellProgress();
      if (polls && running.size > 0) await clock.sleep(POLL_MS, over.signal);
      else await pacer.answered(running.size < size, over.signal);
    } catch (thrown) {
      if (over.signal.aborted) break;
      if (!polls && isUnsupported(thrown)) {
        collector = undefined;
        polls = true;
        continue;
      }
      failures += 1;
      if (failures > RECOVERIES) {
        done.abort();
        throw thrown;
      }
      collector = undefined;
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), over.signal);
    }
  }
  done.abort();
  await timer;
  await collector?.destroy();
}

function dropStopped(running: Set<MoRef>, changes: readonly ObjectChange[]): void {
  for (const { ref, gone, values } of changes) {
    if (gone || text(values.get(POWER)) === "poweredOff") running.delete(ref.id);
  }
}

async function watchPower(session: Session, vms: ReadonlySet<MoRef>): Promise<Collector> {
  const collector = await Collector.create(session);
  await collector.watch({
    properties: { VirtualMachine: [POWER] },
    from: references(vms).map((object) => ({ object })),
  });
  return collector;
}

const readPower = (session: Session, vms: ReadonlySet<MoRef>): Promise<ObjectChange[]> =>
  readNow(session, references(vms), ["VirtualMachine", [POWER]], "report the power state of VMs");

const references = (vms: ReadonlySet<MoRef>): Reference[] => [...vms].map((id) => ({ type: "VirtualMachine", id }));

/** The configuration's key for how long guests may take. */
const LIMIT = "limits.guestShutdown";

const stillRunning = (id: MoRef, timeoutMs: number): PrepError =>
  new PrepError(
    "GUEST_STILL_RUNNING",
    `The guest of ${id} did not shut down within ${Math.round(timeoutMs / 1000)} s.`,
    {
      found: { vm: id, operation: "ShutdownGuest", limit: LIMIT },
      hint: `Shut it down by hand, raise ${LIMIT} in the configuration, or allow --force_power_off; then resume the run.`,
    },
  );
