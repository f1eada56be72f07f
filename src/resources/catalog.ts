/** Every resource. A test checks that each file beside this one is in it. */
import { assignedLun } from "./assigned-lun.ts";
import { audit } from "./audit.ts";
import type { Resource } from "./define.ts";
import { luns } from "./luns.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";
import { snapshots } from "./snapshots.ts";
import { vms } from "./vms.ts";

export const RESOURCES: readonly Resource[] = [luns, snapshots, assignedLun, vms, plan, run, audit];
