/** The arrays that the lab can be: what each is started with, and what a configuration for it says. */

import { type ArrayStyle, plainStyle } from "../world/id-source.ts";
import type { Credentials } from "../world/model.ts";
import type { World } from "../world/world.ts";
import { startDgs } from "./dgs/server.ts";
import { startOntap } from "./ontap/server.ts";
import { SVM } from "./ontap/storage.ts";
import { ontapStyle } from "./ontap/style.ts";

export const LAB_ARRAYS = ["dgs", "ontap"] as const;
export type LabArray = (typeof LAB_ARRAYS)[number];

export interface ArrayServer {
  port: number;
  /** What faults can be set for. */
  ops: readonly string[];
  sessions(): number;
  close(): Promise<void>;
}

interface LabArrayKind {
  /** How it names and numbers its things. */
  readonly style: ArrayStyle;
  /** `array.settings` of a configuration. */
  readonly settings?: object;
  start(options: {
    world: World;
    credentials: Credentials;
    tls: { key: string; cert: string };
    port: number;
  }): Promise<ArrayServer>;
}

const KINDS: Readonly<Record<LabArray, LabArrayKind>> = {
  dgs: { style: { ...plainStyle, vendor: "DGS" }, start: startDgs },
  ontap: { style: ontapStyle, settings: { svm: SVM.name }, start: startOntap },
};

export const labArray = (kind: LabArray): LabArrayKind => KINDS[kind];
