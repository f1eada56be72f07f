import { mountVolume } from "./mount-volume.ts";
import { labelOf } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

export const mountCopy = stepKind<StepOf<"mount_copy">>({
  kind: "mount_copy",
  irreversible: false,
  describe: (step) => `Force-mount the unresolved VMFS copy on ${labelOf(step.volume)}, signature kept`,
  check: mountVolume,
});
