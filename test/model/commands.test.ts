/** Random sequences of what people, assistants, crashes, clocks and the world do: after each, answers, store and lab agree with the model. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import type { Actor } from "../../src/core/engine.ts";
import { stateView } from "../../src/lab/control/state-view.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { openWire } from "../fuzz/wire.ts";
import { withEngine } from "../support/engine.ts";
import { keepInvariants } from "../support/invariants.ts";
import { type LabState, State } from "../support/lab.ts";
import { mortalEngine } from "../support/mortal.ts";
import { assemble, storeFile } from "../support/parts.ts";
import {
  cancelAndResume,
  confirm,
  confirmBoth,
  crashAndResume,
  discard,
  makePlan,
  type Real,
  type Server,
  stepClock,
  touch,
} from "./commands.ts";
import { CLIENTS, expectAgreement, MODEL_MODES, Model } from "./model.ts";

const WHOLE = process.env["ATVM_MODEL"] === "all";
const RUNS = WHOLE ? 500 : 25;
/** The same sequences at every run, so that a red one is a change's doing; another number draws others. */
const SEED = Number(process.env["ATVM_MODEL_SEED"] ?? 20_261_129);
const LIMIT_MS = WHOLE ? 24 * 3_600_000 : 300_000;

/** However often the clock is set back, no run is older than its world, by which the invariants tell worlds apart. */
const AHEAD_MS = 120 * 60_000;

const server = fc.constantFrom<Server[]>(0, 1);
const client = fc.constantFrom(...CLIENTS);
const at = fc.nat({ max: 15 });
const death = fc.record({ nth: fc.integer({ min: 1, max: 14 }), when: fc.constantFrom("before", "after") });
const planning = fc.tuple(server, fc.constantFrom(...MODEL_MODES), client).map((args) => makePlan(...args));
const confirming = fc.tuple(server, at).map((args) => confirm(...args));
const commands = fc.commands(
  [
    // Most of a day is planning and confirming.
    planning,
    planning,
    planning,
    confirming,
    confirming,
    fc.tuple(server, at).map((args) => discard(...args)),
    fc.tuple(at, at).map((args) => confirmBoth(...args)),
    fc.tuple(server, at).map((args) => cancelAndResume(...args)),
    fc.tuple(server, at, death).map((args) => crashAndResume(...args)),
    client.map((name) => touch(name)),
    fc.constantFrom(4, 11, -4).map((minutes) => stepClock(minutes)),
  ],
  { maxCommands: 24, size: "max" },
);

/** Plans that are open when the rest begins: what is confirmed, discarded or gone stale has to be there. */
const morning = fc.array(planning, { minLength: 3, maxLength: 5 });

test(
  "two servers, two clients and a world that moves agree with the model",
  async () => {
    const bench = await withEngine({ vms: 3, running: 1 }, { limits: { guestShutdown: "5s", deviceWait: "5s" } });
    bench.changesWithoutPlans();
    const { world } = bench.lab;
    const look = (): LabState => State.parse(JSON.parse(JSON.stringify(stateView(world))));
    let stores = 0;
    const current = (): string => `model-${stores}`;
    const invariants = keepInvariants(world, () =>
      openSqliteStore({ path: storeFile(bench, current()), clock: systemClock }),
    );
    // Asked for after each command, beside that sequence's store.
    invariants.release();
    await fc.assert(
      fc.asyncProperty(morning, commands, async (planned, drawn) => {
        stores += 1;
        const store = current();
        world.reset({ scenario: "clone-assigned", vms: 3, running: 1 });
        let shift = AHEAD_MS;
        const parts = { anotherStore: store, shiftMs: () => shift, isMortal: true } as const;
        const [one, other] = [await assemble(bench, parts), await assemble(bench, parts)];
        const wires = [await openWire(one.engine), await openWire(other.engine)] as const;
        const actor: Actor = { principal: "fuzz@host", channel: "mcp" };
        const real: Real = {
          servers: wires,
          setClock: (minutes) => {
            shift = AHEAD_MS + minutes * 60_000;
          },
          touch: async (name) => {
            const host = world.model.clients.find((one) => one.name === name)?.hostAddress;
            const isOff = look().vms.some(
              (vm) =>
                vm.host === host &&
                vm.powerState === "poweredOff" &&
                !vm.template &&
                vm.connectionState === "connected",
            );
            if (!isOff) return false;
            // Never back: what a plan was made for would be the state again.
            await bench.control.touch("power-on", { client: name });
            return true;
          },
          confirmAndDie: async (token, ending) => {
            const mortal = await mortalEngine(bench, store, ending, { shiftMs: () => shift });
            const confirming = mortal.engine.confirm(token, actor, { waitMs: 60_000 }).then(
              (run) => ({ died: false, answer: { runId: run.runId, state: run.state } }),
              (thrown: unknown) => {
                if (thrown instanceof PrepError) return { died: false, answer: { error: { code: thrown.code } } };
                throw thrown;
              },
            );
            const dying = mortal.died.then(() => ({ died: true }));
            const ended = await Promise.race([confirming, dying]);
            if (!ended.died) await mortal.engine.close();
            return ended;
          },
          check: async (model) => {
            expectAgreement(model, look());
            expect(await invariants.violations()).toEqual([]);
          },
        };
        try {
          const model = new Model();
          for (const command of planned) await command.run(model, real);
          await fc.asyncModelRun(() => ({ model, real }), drawn);
          expect(await one.engine.verifyAudit()).toMatchObject({ holds: true });
        } finally {
          for (const wire of wires) await wire.end();
          await one.close();
          await other.close();
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  },
  LIMIT_MS,
);
