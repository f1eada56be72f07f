import * as array from "./array.ts";
import { LabFaults } from "./faults.ts";
import type { ArrayStyle } from "./id-source.ts";
import { NO_LATENCY } from "./latency.ts";
import type { Faults, LabAssignment, LabFile, LabModel, LabMount, LabVolume, LabWorld, Latency } from "./model.ts";
import { buildScenario, type ScenarioOptions } from "./scenarios.ts";
import type { WorldState } from "./state.ts";
import * as storage from "./storage.ts";
import * as vms from "./vms.ts";

/** One accepted change of the world. `op` is the vim25 method or the DGS operationId; `target` the id of the object changed. */
export interface Mutation {
  seq: number;
  at: string;
  api: "dgs" | "vim";
  op: string;
  target: string;
  by: string;
}

/** Throws the `DgsProblem` that the array would answer with; changes nothing. */
export interface ArrayChecks {
  clone(policyId: string, snapshotId: string): void;
  rollback(policyId: string, snapshotId: string): void;
  assign(volumeId: string, clientId: string): void;
  unassign(assignmentId: string): void;
  deleteVolume(volumeId: string): void;
}

/** The one world behind both servers. Every operation is checked, done, logged and announced in one go, or refused with nothing changed. */
export class World implements LabWorld {
  #state: WorldState;
  #latency: Latency;
  readonly #startLatency: Latency;
  #version = 1;
  #generation = 1;
  #mutations: Mutation[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #now: () => Date;
  readonly #style: ArrayStyle | undefined;
  readonly #faults = new LabFaults();

  constructor(options: { scenario: ScenarioOptions; latency?: Latency; now?: () => Date; style?: ArrayStyle }) {
    this.#now = options.now ?? (() => new Date());
    this.#style = options.style;
    this.#state = buildScenario(options.scenario, this.#now, this.#style);
    this.#startLatency = options.latency ?? NO_LATENCY;
    this.#latency = this.#startLatency;
  }

  get model(): LabModel {
    return this.#state.model;
  }
  get state(): WorldState {
    return this.#state;
  }
  get latency(): Latency {
    return this.#latency;
  }
  get faults(): Faults & LabFaults {
    return this.#faults;
  }
  get version(): number {
    return this.#version;
  }
  get generation(): number {
    return this.#generation;
  }
  get mutations(): readonly Mutation[] {
    return this.#mutations;
  }

  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts over with another scenario: no mutations, no faults, no counts, and the latency that it was started with unless one is given. */
  reset(scenario: ScenarioOptions, latency: Latency = this.#startLatency): void {
    this.#state = buildScenario(scenario, this.#now, this.#style);
    this.#latency = latency;
    this.#generation += 1;
    this.#mutations = [];
    this.#faults.clear();
    this.#faults.forgetCalls();
    this.announce();
  }

  /** Wakes the listeners after a change from outside the two interfaces. */
  announce(): void {
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Does `act` whole or, where it throws, not at all; logs one mutation for each object changed and wakes the listeners.
   * What `targetsOf` gives none for has changed nothing.
   */
  change<T>(
    cause: { readonly api: "dgs" | "vim"; readonly op: string; readonly by: string },
    act: (state: WorldState) => T,
    targetsOf: (result: T) => readonly string[],
  ): T {
    const result = act(this.#state);
    this.#log(cause.api, cause.op, cause.by, ...targetsOf(result));
    return result;
  }

  rescanHba(hostId: string, by: string): void {
    storage.rescanHba(this.#state, hostId);
    this.#log("vim", "RescanAllHba", by, hostId);
  }
  rescanVmfs(hostId: string, by: string): void {
    storage.rescanVmfs(this.#state, hostId);
    this.#log("vim", "RescanVmfs", by, hostId);
  }
  unmountVmfs(hostId: string, vmfsUuid: string, by: string, op = "UnmountVmfsVolume"): void {
    storage.unmountVmfs(this.#state, hostId, vmfsUuid);
    this.#log("vim", op, by, vmfsUuid);
  }
  mountVmfs(hostId: string, vmfsUuid: string, by: string, op = "MountVmfsVolume"): void {
    storage.mountVmfs(this.#state, hostId, vmfsUuid);
    this.#log("vim", op, by, vmfsUuid);
  }
  forceMount(hostId: string, devicePath: string, by: string, op = "ResolveMultipleUnresolvedVmfsVolumes"): LabMount {
    const mount = storage.forceMount(this.#state, hostId, devicePath);
    this.#log("vim", op, by, mount.vmfsUuid);
    return mount;
  }
  resignature(hostId: string, devicePath: string, by: string, op: string): LabMount {
    const mount = storage.resignature(this.#state, hostId, devicePath);
    this.#log("vim", op, by, mount.vmfsUuid);
    return mount;
  }
  detachScsiLun(hostId: string, lunUuid: string, by: string, op = "DetachScsiLun"): void {
    this.#log("vim", op, by, storage.detachScsiLun(this.#state, hostId, lunUuid));
  }
  attachScsiLun(hostId: string, lunUuid: string, by: string, op = "AttachScsiLun"): void {
    this.#log("vim", op, by, storage.attachScsiLun(this.#state, hostId, lunUuid));
  }
  deleteScsiLunState(hostId: string, canonicalName: string, by: string): void {
    storage.deleteScsiLunState(this.#state, hostId, canonicalName);
    this.#log("vim", "DeleteScsiLunState", by, canonicalName);
  }
  deleteVmfsVolumeState(hostId: string, vmfsUuid: string, by: string): void {
    storage.deleteVmfsVolumeState(this.#state, hostId, vmfsUuid);
    this.#log("vim", "DeleteVmfsVolumeState", by, vmfsUuid);
  }

  powerOff(vmId: string, by: string): void {
    vms.powerOff(this.#state, vmId);
    this.#log("vim", "PowerOffVM_Task", by, vmId);
  }
  powerOn(vmId: string, by: string): void {
    vms.powerOn(this.#state, vmId);
    this.#log("vim", "PowerOnVM_Task", by, vmId);
  }
  shutdownGuest(vmId: string, by: string): boolean {
    const heeded = vms.shutdownGuest(this.#state, vmId);
    if (heeded) this.#log("vim", "ShutdownGuest", by, vmId);
    return heeded;
  }
  finishShutdown(vmId: string): void {
    if (vms.finishShutdown(this.#state, vmId)) this.announce();
  }
  unregisterVm(vmId: string, by: string): void {
    vms.unregisterVm(this.#state, vmId);
    this.#log("vim", "UnregisterVM", by, vmId);
  }
  registerVm(what: vms.Registration, by: string): string {
    const vmId = vms.registerVm(this.#state, what);
    this.#log("vim", "RegisterVM_Task", by, vmId);
    return vmId;
  }
  filesOn(datastoreId: string): LabFile[] {
    return vms.filesOn(this.#state, datastoreId);
  }

  readonly arrayChecks: ArrayChecks = {
    clone: (policyId, snapshotId) => void array.checkClone(this.#state, policyId, snapshotId),
    rollback: (policyId, snapshotId) => void array.checkRollback(this.#state, policyId, snapshotId),
    assign: (volumeId, clientId) => array.checkAssign(this.#state, volumeId, clientId),
    unassign: (assignmentId) => array.checkUnassign(this.#state, assignmentId),
    deleteVolume: (volumeId) => array.checkDeleteVolume(this.#state, volumeId),
  };

  createClone(policyId: string, snapshotId: string, name: string, by: string): LabVolume {
    const clone = array.createClone(this.#state, policyId, snapshotId, name);
    this.#log("dgs", "CloneSnapshot", by, clone.id);
    return clone;
  }
  rollback(policyId: string, snapshotId: string, by: string): LabVolume {
    const { volume, lost } = array.rollback(this.#state, policyId, snapshotId);
    this.#log("dgs", "RollbackSnapshot", by, volume.id, ...lost.map(({ id }) => id));
    return volume;
  }
  assign(volumeId: string, clientId: string, by: string): LabAssignment {
    const assignment = array.assign(this.#state, volumeId, clientId);
    this.#log("dgs", "CreateAssignment", by, assignment.id);
    return assignment;
  }
  unassign(assignmentId: string, by: string): void {
    array.unassign(this.#state, assignmentId);
    this.#log("dgs", "DeleteAssignment", by, assignmentId);
  }
  deleteVolume(volumeId: string, by: string): void {
    array.deleteVolume(this.#state, volumeId);
    this.#log("dgs", "DeleteVolume", by, volumeId);
  }

  #log(api: Mutation["api"], op: string, by: string, ...targets: string[]): void {
    const at = this.#now().toISOString();
    for (const target of targets) this.#mutations.push({ seq: this.#mutations.length + 1, at, api, op, target, by });
    this.announce();
  }
}
