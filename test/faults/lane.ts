/** One lab and one engine beside it, each case with a store of its own: the lab gives the same ids again after a reset. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type App, openApp, openStore } from "../../src/app.ts";
import { stateView } from "../../src/lab/control/state-view.ts";
import type { RunningLab } from "../../src/lab/start.ts";
import type { World } from "../../src/lab/world/world.ts";
import { type Invariants, keepInvariants } from "../support/invariants.ts";
import { type LabState, State, withLab } from "../support/lab.ts";
import type { Journey } from "./journeys.ts";

/** Short, so that what never answers is given up soon, and long enough for a busy machine to answer what it answers. */
const LIMITS = {
  connect: "10s",
  arrayCall: "10s",
  arrayJob: "20s",
  vcenterCall: "10s",
  vcenterTask: "20s",
  rescan: "10s",
  deviceWait: "5s",
  guestShutdown: "10s",
  busyTries: 2,
  busyPause: "10ms",
};

/** The worlds of all cases are the same one: a clone in them is named after the time of day. */
const BEGUN = new Date();

export interface Lane {
  readonly world: World;
  readonly invariants: Invariants;
  /** What no answer, record or file may hold. */
  readonly secrets: readonly string[];
  /** The journey's world, and a program that knows of nothing. */
  begin(journey: Journey): Promise<App>;
  state(): LabState;
  /** Names of files of store and log that hold a secret. */
  leaks(): Promise<string[]>;
}

/** `between`: what stands between the program and the lab, as settings of the two systems. */
export async function openLane(
  between: (lab: RunningLab) => Promise<{ array: object; vcenter: object }> = async () => ({ array: {}, vcenter: {} }),
): Promise<Lane> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-faults-"));
  const config = join(dir, "atvm.config.yaml");
  const { lab } = await withLab({ writeConfig: config });
  const store = join(dir, "store");
  const written = z
    .looseObject({ array: z.looseObject({}), vcenter: z.looseObject({}) })
    .parse(parse(await readFile(config, "utf8")));
  const { array, vcenter } = await between(lab);
  await writeFile(
    config,
    stringify({
      ...written,
      array: { ...written.array, ...array },
      vcenter: { ...written.vcenter, ...vcenter },
      store: { sqlite: join(store, "atvm.db") },
      log: { dir: join(store, "log") },
      limits: LIMITS,
    }),
  );
  let app: App | undefined;
  const invariants = keepInvariants(lab.world, async () => {
    if (app === undefined) throw new Error("nothing was begun");
    return (await openStore(app.config)).store;
  });
  // Each case asks for them itself, beside its own store.
  invariants.release();
  const secrets = [lab.info.dgs.password, lab.info.vcenter.password];
  afterAll(async () => {
    await app?.close();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    world: lab.world,
    invariants,
    secrets,
    begin: async ({ scenario }) => {
      lab.world.faults.clear();
      await app?.close();
      await rm(store, { recursive: true, force: true });
      lab.world.reset({ ...scenario, at: BEGUN });
      app = await openApp({ configFile: config, env: {}, cwd: dir });
      return app;
    },
    state: () => State.parse(JSON.parse(JSON.stringify(stateView(lab.world)))),
    leaks: async () => {
      const files = (await readdir(store, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
      const texts = files.map(async ({ parentPath, name }) => ({
        name,
        text: await readFile(join(parentPath, name), "latin1"),
      }));
      return (await Promise.all(texts)).flatMap(({ name, text }) =>
        secrets.some((secret) => text.includes(secret)) ? [name] : [],
      );
    },
  };
}
