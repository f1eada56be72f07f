/** Results as the engine gives them, for tests of the doors. */
import { plainName, type SafeText } from "../../src/core/domain/safe-text.ts";
import type {
  Inspection,
  LunInventory,
  PlanRecord,
  RunRecord,
  SnapshotInventory,
  TargetInventory,
  VmInventory,
} from "../../src/core/records.ts";
import { presentPlan, presentRun, wordingFor } from "../../src/text/index.ts";
import type { PlanView, RunView } from "../../src/text/views.ts";

const vm = (n: number): { name: SafeText; path: string; moref: string } => ({
  name: plainName(`atvm-${n}`),
  path: `[gold-ds] atvm-${n}/atvm-${n}.vmx`,
  moref: `vm-${n}`,
});

export const vms = (count: number): { name: SafeText; path: string; moref: string }[] =>
  Array.from({ length: count }, (_, index) => vm(index + 1));

const clone = {
  name: plainName("AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old"),
  id: "vol-9",
  naa: "naa.60000000000000000000000000000009",
};

const sampleRequest: PlanRecord["request"] = {
  mode: "automated_testing",
  lun: "AutomatedTest-VMBootImg-Gold",
  snapshot: "nightly-2026-11-21",
  client: "CDS1-ESX165",
  host: "192.168.1.165",
  paired: true,
  registerVms: false,
  keepClone: false,
  forcePowerOff: false,
  releaseFirst: false,
  crashConsistent: false,
};

const assistant = wordingFor("assistant");

/** As an assistant is shown it. */
export const shownPlan = (plan: PlanRecord): PlanView => presentPlan(plan, assistant);
export const shownRun = (run: RunRecord): RunView => presentRun(run, assistant);

export function samplePlan(changes: Partial<PlanRecord> = {}): PlanRecord {
  return {
    planId: "plan-1",
    mode: "automated_testing",
    request: sampleRequest,
    target: {
      lun: {
        name: plainName("AutomatedTest-VMBootImg-Gold"),
        volumeId: "vol-1",
        naa: "naa.60000000000000000000000000000001",
      },
      client: { name: plainName("CDS1-ESX165"), id: "client-1" },
      host: { address: "192.168.1.165", name: plainName("esx165") },
      vcenter: "192.168.0.201",
    },
    snapshot: {
      name: plainName("nightly-2026-11-21"),
      id: "snap-3",
      createdAt: "2026-11-21T02:00:00.000Z",
      chosenBy: "latest",
    },
    steps: [
      { id: "s1", kind: "power_off", text: "Power off 2 VMs", irreversible: false, after: [] },
      { id: "s2", kind: "delete_clone", text: `Delete the clone ${clone.name}`, irreversible: true, after: ["s1"] },
      { id: "s3", kind: "create_clone", text: "Clone nightly-2026-11-21", irreversible: false, after: ["s1"] },
    ],
    impact: {
      vmsToPowerOff: vms(2),
      vmsToUnregister: vms(3),
      vmsToRegister: [],
      datastoresToUnmount: [{ name: plainName("gold-ds"), id: "datastore-7", naa: clone.naa }],
      volumesToUnassign: [clone],
      clonesToDelete: [clone],
      snapshotsLost: [],
    },
    warnings: ["Gold was assigned after this snapshot was made: changes since then are not in this clone."],
    leftovers: [],
    requestedBy: { principal: "os:tester@store" },
    approval: { policy: "token" },
    state: "open",
    createdAt: "2026-11-22T06:30:00.000Z",
    expiresAt: "2026-11-22T06:40:00.000Z",
    fingerprint: "f00d",
    ...changes,
  };
}

export function rollbackPlan(changes: Partial<PlanRecord> = {}): PlanRecord {
  const plan = samplePlan({
    mode: "rollback",
    request: { ...sampleRequest, mode: "rollback", snapshot: "weekly" },
  });
  return {
    ...plan,
    snapshot: { name: plainName("weekly"), id: "snap-1", createdAt: "2026-11-15T02:00:00.000Z", chosenBy: "name" },
    impact: {
      ...plan.impact,
      snapshotsLost: [
        { name: plainName("nightly-2026-11-20"), id: "snap-2", createdAt: "2026-11-20T02:00:00.000Z" },
        { name: plainName("nightly-2026-11-21"), id: "snap-3", createdAt: "2026-11-21T02:00:00.000Z" },
      ],
    },
    approval: { policy: "prompt" },
    ...changes,
  };
}

/** A run of the sample plan with so many of its steps done. */
export function sampleRun(done: number, changes: Partial<RunRecord> = {}): RunRecord {
  const plan = samplePlan();
  return {
    runId: "run-1",
    planId: plan.planId,
    mode: plan.mode,
    request: plan.request,
    target: plan.target,
    requestedBy: plan.requestedBy,
    state: done === plan.steps.length ? "succeeded" : "running",
    steps: plan.steps.map(({ id, kind, text }, index) => ({
      id,
      kind,
      text,
      state: index < done ? "done" : index === done ? "running" : "pending",
    })),
    next: done === plan.steps.length ? [{ kind: "note", text: "Power the VMs on when you need them." }] : [],
    createdAt: plan.createdAt,
    ...changes,
  };
}

export const sampleInspect: Inspection = {
  at: "2026-11-22T06:30:00.000Z",
  client: { name: plainName("CDS1-ESX165"), id: "client-1" },
  host: { address: "192.168.1.165", name: plainName("esx165"), connectionState: "connected" },
  assigned: [
    {
      lun: plainName("AutomatedTest-VMBootImg-Gold"),
      volume: { ...clone, kind: "clone", createdAt: "2026-11-21T08:00:00.000Z" },
      fromSnapshot: { name: plainName("nightly-2026-11-20"), id: "snap-2" },
      datastore: { name: plainName("gold-ds"), id: "datastore-7", accessible: true },
      mounted: true,
      vms: {
        poweredOn: 2,
        poweredOff: 1,
        suspended: 0,
        templates: 1,
        machines: [
          { name: plainName("atvm-1"), powerState: "poweredOn" },
          { name: plainName("atvm-2"), powerState: "poweredOn" },
          { name: plainName("atvm-3"), powerState: "poweredOff" },
          { name: plainName("atvm-t"), powerState: "poweredOff", template: true },
        ],
        unregistered: [plainName("spare-01")],
      },
    },
  ],
  openPlans: [],
  runningRuns: [],
  notes: [],
};

export const sampleTargets: TargetInventory = {
  at: "2026-11-22T06:30:00.000Z",
  targets: [
    {
      client: "CDS1-ESX165",
      clientId: "client-1",
      host: "192.168.1.165",
      paired: true,
      isDefault: true,
      holds: [
        {
          lun: plainName("AutomatedTest-VMBootImg-Gold"),
          kind: "clone",
          volume: clone,
          since: "2026-11-21T08:00:00.000Z",
        },
      ],
      openPlans: [],
      runs: [],
      notes: [],
    },
  ],
};

export const sampleLuns: LunInventory = {
  luns: [
    {
      name: plainName("AutomatedTest-VMBootImg-Gold"),
      shorthand: ["Gold"],
      volumeId: "vol-1",
      naa: "naa.60000000000000000000000000000001",
      sizeBytes: 500 * 2 ** 30,
      clones: [{ ...clone, assignedTo: ["CDS1-ESX165"] }],
      assignedTo: [],
    },
  ],
};

export const sampleSnapshots: SnapshotInventory = {
  lun: plainName("AutomatedTest-VMBootImg-Gold"),
  snapshots: [
    {
      name: plainName("nightly-2026-11-21"),
      id: "snap-3",
      createdAt: "2026-11-21T02:00:00.000Z",
      age: "1 day",
      latest: true,
      clones: 0,
    },
    {
      name: plainName("nightly-2026-11-20"),
      id: "snap-2",
      createdAt: "2026-11-20T02:00:00.000Z",
      age: "2 days",
      latest: false,
      clones: 1,
    },
  ],
};

export const sampleVms: VmInventory = {
  client: "CDS1-ESX165",
  host: "192.168.1.165",
  datastore: plainName("gold-ds"),
  vms: [
    { ...vm(1), registered: true, powerState: "poweredOn", connectionState: "connected" },
    { name: plainName("atvm-4"), path: "[gold-ds] atvm-4/atvm-4.vmx", registered: false },
  ],
  notes: [],
};
