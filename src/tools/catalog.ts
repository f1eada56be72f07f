/** Every tool, in the order in which they are listed. A test checks that each file beside this one is in it. */
import { cancelRun } from "./cancel-run.ts";
import { confirmPlan } from "./confirm-plan.ts";
import type { Tool } from "./define.ts";
import { discardPlan } from "./discard-plan.ts";
import { getRun } from "./get-run.ts";
import { inspectTarget } from "./inspect-target.ts";
import { listLuns } from "./list-luns.ts";
import { listRuns } from "./list-runs.ts";
import { listSnapshots } from "./list-snapshots.ts";
import { listTargets } from "./list-targets.ts";
import { listVms } from "./list-vms.ts";
import { prepAutomatedTesting } from "./prep-automated-testing.ts";
import { prepMaintenance } from "./prep-maintenance.ts";
import { readAudit } from "./read-audit.ts";
import { registerVms } from "./register-vms.ts";
import { releaseTarget } from "./release-target.ts";
import { resumeRun } from "./resume-run.ts";
import { rollbackGoldDisk } from "./rollback-gold-disk.ts";
import { snapshotGold } from "./snapshot-gold.ts";
import { unregisterVms } from "./unregister-vms.ts";

export const TOOLS: readonly Tool[] = [
  listTargets,
  inspectTarget,
  listLuns,
  listSnapshots,
  listVms,
  prepAutomatedTesting,
  prepMaintenance,
  registerVms,
  unregisterVms,
  rollbackGoldDisk,
  releaseTarget,
  snapshotGold,
  resumeRun,
  confirmPlan,
  discardPlan,
  getRun,
  listRuns,
  cancelRun,
  readAudit,
];
