/** What runs and their steps usually take: medians of those of the past that went well. */
import type { Mode } from "../core/domain/modes.ts";
import type { StepKindName } from "../core/domain/states.ts";
import type { Engine } from "../core/engine.ts";
import type { RunRecord } from "../core/records.ts";

/** In milliseconds. */
export interface UsualTimes {
  readonly run?: number;
  readonly steps: ReadonlyMap<StepKindName, number>;
}

/** How many runs of the past say how long one takes. */
const PAST_RUNS = 20;

/** What a run of this kind usually takes, there where it would be. */
export const usualOf = async (
  engine: Pick<Engine, "listRuns">,
  { mode, target }: Pick<RunRecord, "mode" | "target">,
): Promise<UsualTimes> =>
  usualTimes(await engine.listRuns({ lun: target.lun.name, client: target.client.name, limit: PAST_RUNS }), mode);

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

const between = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** Of the runs of this mode among these. A resumed run did a part only, and says nothing of a whole one. */
function usualTimes(past: readonly RunRecord[], mode: Mode): UsualTimes {
  const runs = past.filter((run) => run.mode === mode && run.state === "succeeded");
  const whole = runs.flatMap(({ createdAt, endedAt, resumes }) =>
    endedAt === undefined || resumes !== undefined ? [] : [between(createdAt, endedAt)],
  );
  const took = new Map<StepKindName, number[]>();
  for (const { kind, startedAt, endedAt, state } of runs.flatMap(({ steps }) => steps)) {
    if (state !== "done" || startedAt === undefined || endedAt === undefined) continue;
    took.set(kind, [...(took.get(kind) ?? []), between(startedAt, endedAt)]);
  }
  return {
    ...(whole.length === 0 ? {} : { run: median(whole) }),
    steps: new Map([...took].map(([kind, times]) => [kind, median(times)])),
  };
}
