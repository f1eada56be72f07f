/**
 * One answer of the array or of vCenter, changed on its way: its bytes, its structure, its status. No answer makes the program
 * hang, fall, show what it must not, or change what no plan names; and once the answers are right again, it goes on.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import type { PlanRecord } from "../../src/core/records.ts";
import { confirm, plan, settle } from "../faults/case.ts";
import { JOURNEYS, type Journey } from "../faults/journeys.ts";
import { wrongInError, wrongInGiven } from "../faults/judge.ts";
import { openLane } from "../faults/lane.ts";
import { amount, SEED, TIME_LIMIT_MS } from "./amount.ts";
import { anyTampering } from "./tampering.ts";
import { type TamperingProxy, tamperingProxy } from "./tampering-proxy.ts";
import { watchProcess } from "./watch.ts";

const CASES = amount({ short: 40, long: 6_000 });

const SYSTEMS = ["array", "vcenter"] as const;
type Proxies = Readonly<Record<(typeof SYSTEMS)[number], TamperingProxy>>;

const anyCase = fc.record({
  journey: fc.constantFrom(...JOURNEYS),
  system: fc.constantFrom(...SYSTEMS),
  /** Which of the answers, as a share of those that the undisturbed preparation gets. */
  at: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  tampering: anyTampering,
});

const proxies: Partial<Record<keyof Proxies, TamperingProxy>> = {};
const lane = await openLane(async ({ info, caPem }) => {
  const array = await tamperingProxy(new URL(info.dgs.url), caPem);
  const vcenter = await tamperingProxy(new URL(info.vcenter.url), caPem);
  Object.assign(proxies, { array, vcenter });
  return {
    array: { url: array.origin, tls: { thumbprint: array.thumbprint } },
    vcenter: { address: new URL(vcenter.origin).host, tls: { thumbprint: vcenter.thumbprint } },
  };
});
const { array, vcenter } = proxies;
if (array === undefined || vcenter === undefined) throw new Error("a lane has both");
const between: Proxies = { array, vcenter };

test(
  "no answer makes it hang, fall, tell a secret, or change what no plan names",
  async () => {
    const leave = (): void => {
      for (const system of SYSTEMS) between[system].leave();
    };
    const counts = new Map<Journey, Record<keyof Proxies, number>>();
    for (const journey of JOURNEYS) {
      leave();
      const app = await lane.begin(journey);
      const run = await confirm(app, await plan(app, journey));
      expect(run.state).toBe("succeeded");
      counts.set(journey, { array: array.answers(), vcenter: vcenter.answers() });
    }

    const ends = new Map<string, number>();
    const watch = watchProcess();
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ journey, system, at, tampering }) => {
        leave();
        const app = await lane.begin(journey);
        between[system].tamper(Math.floor(at * (counts.get(journey)?.[system] ?? 0)), tampering);
        const wrong: string[] = [];
        const judged = <T>(given: T | PrepError): T | PrepError => {
          wrong.push(...wrongInGiven(given instanceof PrepError ? given.toRecord() : given, lane.secrets));
          if (given instanceof PrepError) wrong.push(...wrongInError(given));
          return given;
        };
        const made = judged(await settle(plan(app, journey)));
        if (made instanceof PrepError && lane.world.mutations.length > 0)
          wrong.push("a plan is refused after a change");
        const ended = made instanceof PrepError ? made : judged(await settle(confirm(app, made)));
        const end = ended instanceof PrepError ? `refused: ${ended.code}` : ended.state;
        if (!(ended instanceof PrepError) && ended.state !== "succeeded") {
          if (ended.error === undefined) wrong.push(`the run is ${ended.state} without an error`);
          else wrong.push(...wrongInError(ended.error));
        }
        const struck = between[system].struck();
        leave();
        if (end !== "succeeded") await goOn(app, journey, ended instanceof PrepError ? undefined : ended.runId, judged);
        const chain = await app.engine.verifyAudit();
        wrong.push(...chain.problems, ...(await lane.invariants.violations()));
        wrong.push(...(await lane.leaks()).map((file) => `a password stands in ${file}`));
        expect(wrong).toEqual([]);
        const key = struck ? end : "did not come";
        ends.set(key, (ends.get(key) ?? 0) + 1);
      }),
      { numRuns: CASES, seed: SEED },
    );
    expect(watch.unhandled).toEqual([]);
    watch.stop();
    if (process.env["ATVM_FUZZ_SHOW"] !== undefined) process.stderr.write(`${JSON.stringify([...ends])}\n`);
    // Answers that are all refused alike, or none, would show nothing.
    expect(ends.size).toBeGreaterThan(2);
  },
  TIME_LIMIT_MS,
);

/** With right answers again: the rest of the run, or a plan of what there is now, is carried out, or refused with its reason. */
async function goOn(
  app: App,
  journey: Journey,
  runId: string | undefined,
  judged: <T>(given: T | PrepError) => T | PrepError,
): Promise<void> {
  const again = (): Promise<PlanRecord | PrepError> => settle(plan(app, journey));
  const rest =
    runId === undefined ? await again() : await settle(app.engine.resumePlan(runId, app.actor("mcp", "fuzz")));
  const made = rest instanceof PrepError && runId !== undefined ? await again() : rest;
  judged(made);
  if (made instanceof PrepError) return;
  const run = judged(await settle(confirm(app, made)));
  if (run instanceof PrepError) return;
  expect({ state: run.state, error: run.error }).toEqual({ state: "succeeded", error: undefined });
}
