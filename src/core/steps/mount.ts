import { mountVolume } from "./mount-volume.ts";
import { labelOf } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

export const mount = stepKind<StepOf<"mount">>({
  kind: "mount",
  irreversible: false,
  describe: (step) => `Mount the datastore on ${labelOf(step.volume)}, unless the host does so by itself`,
  check: mountVolume,
});
