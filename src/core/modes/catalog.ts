/** All modes: a request and an observation make a draft, or a refusal. Pure. */
import type { Mode } from "../domain/modes.ts";
import { automatedTesting } from "./automated-testing.ts";
import type { ModeInput } from "./common.ts";
import type { Draft } from "./draft.ts";
import { maintenance } from "./maintenance.ts";
import { register } from "./register.ts";
import { release } from "./release.ts";
import { rollback } from "./rollback.ts";
import { snapshot } from "./snapshot.ts";
import { unregister } from "./unregister.ts";

const CATALOG: Readonly<Record<Mode, (input: ModeInput) => Draft>> = {
  automated_testing: automatedTesting,
  maintenance,
  register,
  unregister,
  rollback,
  release,
  snapshot,
};

export const draftOf = (input: ModeInput): Draft => CATALOG[input.request.mode](input);
