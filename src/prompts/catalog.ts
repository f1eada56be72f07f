/** Every prompt. A test checks that each file beside this one is in it. */
import type { Prompt } from "./define.ts";
import { handover } from "./handover.ts";
import { maintenance } from "./maintenance.ts";
import { prep } from "./prep.ts";
import { register } from "./register.ts";
import { rollback } from "./rollback.ts";
import { status } from "./status.ts";
import { unregister } from "./unregister.ts";

export const PROMPTS: readonly Prompt[] = [prep, maintenance, register, unregister, rollback, status, handover];
