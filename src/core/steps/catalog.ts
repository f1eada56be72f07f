/** All step kinds. A step's kind finds its file; the type makes the table complete. */
import { assign } from "./assign.ts";
import { attach } from "./attach.ts";
import { createClone } from "./create-clone.ts";
import { deleteClone } from "./delete-clone.ts";
import { detach } from "./detach.ts";
import { forgetDevice } from "./forget-device.ts";
import { mount } from "./mount.ts";
import { mountCopy } from "./mount-copy.ts";
import { powerOff } from "./power-off.ts";
import { register } from "./register.ts";
import { rescan } from "./rescan.ts";
import { rollbackVolume } from "./rollback-volume.ts";
import { script } from "./script.ts";
import { shutDownGuest } from "./shut-down-guest.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Act, Done, Step, StepKind, StepOf, World } from "./types.ts";
import { unassign } from "./unassign.ts";
import { unmount } from "./unmount.ts";
import { unregister } from "./unregister.ts";

const CATALOG: { readonly [K in Step["kind"]]: StepKind<StepOf<K>> } = {
  power_off: powerOff,
  shut_down_guest: shutDownGuest,
  unregister,
  unmount,
  detach,
  attach,
  forget_device: forgetDevice,
  unassign,
  delete_clone: deleteClone,
  create_clone: createClone,
  take_snapshot: takeSnapshot,
  rollback_volume: rollbackVolume,
  assign,
  rescan,
  mount_copy: mountCopy,
  mount,
  register,
  script,
};

// A lookup by a union's member is a correlated union, which the type checker cannot follow; the table above is what proves it.
const kindOf = (step: Step): StepKind<Step> => CATALOG[step.kind] as unknown as StepKind<Step>;

export const describeStep = (step: Step): string => kindOf(step).describe(step);

export const isIrreversible = (step: Step): boolean => kindOf(step).irreversible;

export const checkStep = (step: Step, world: World): Promise<Done | Act> => kindOf(step).check(step, world);
