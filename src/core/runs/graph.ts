/** Runs steps as their graph allows: whatever is ready is started, so that several may be under way at once. */
import type { Step } from "../steps/types.ts";

export interface GraphRun<Stop> {
  /** Carries one step out; rejects where it failed. */
  readonly run: (step: Step, seq: number) => Promise<void>;
  /** Asked before each start: a reason to start no more, or undefined. */
  readonly mustStop: () => Promise<Stop | undefined>;
  /** Called once when it is clear that these steps will not be started. */
  readonly abandon?: (steps: readonly Step[]) => void;
}

export interface StepFailure {
  readonly step: Step;
  /** What it was rejected with. */
  readonly thrown: unknown;
}

export interface GraphEnd<Stop> {
  readonly stop?: Stop;
  /** In the order of the steps' ends. */
  readonly failures: readonly StepFailure[];
}

/**
 * A step is ready when every step of its `after` has ended well; one that is not among `steps` was finished by an earlier
 * run. A failure, or a reason to stop, lets the running steps end and starts no other.
 */
export async function runGraph<Stop>(steps: readonly Step[], how: GraphRun<Stop>): Promise<GraphEnd<Stop>> {
  const waiting = new Map(steps.map((step, seq) => [step.id, { step, seq }]));
  const open = new Set(waiting.keys());
  const running = new Map<string, Promise<void>>();
  const failures: StepFailure[] = [];
  let stop: Stop | undefined;

  const start = ({ step, seq }: { step: Step; seq: number }): void => {
    waiting.delete(step.id);
    const ended = how.run(step, seq).then(
      () => void open.delete(step.id),
      (thrown: unknown) => void failures.push({ step, thrown }),
    );
    running.set(
      step.id,
      ended.finally(() => running.delete(step.id)),
    );
  };
  const readySteps = (): { step: Step; seq: number }[] =>
    [...waiting.values()].filter(({ step }) => step.after.every((id) => !open.has(id)));

  const isHalted = (): boolean => stop !== undefined || failures.length > 0;

  for (;;) {
    if (!isHalted() && readySteps().length > 0) {
      stop = await how.mustStop();
      // While that was found out, a running step may have failed.
      if (!isHalted()) readySteps().forEach(start);
    }
    if (isHalted() && waiting.size > 0) {
      how.abandon?.([...waiting.values()].map(({ step }) => step));
      waiting.clear();
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (waiting.size > 0) throw new Error(`steps wait for each other: ${[...waiting.keys()].join(", ")}`);
  return stop === undefined ? { failures } : { stop, failures };
}
