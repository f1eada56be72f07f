/** VMs taken off a datastore: stopped, hard on a clone and through the guest on gold, and unregistered. */
import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import type { LunVolume } from "../observe/kinds.ts";
import type { Volume } from "../ports/array.ts";
import type { Vm } from "../ports/hypervisor.ts";
import type { Request } from "../request/request.ts";
import type { KnownVolume } from "../steps/types.ts";
import { refuseDisabled, refuseManaged, refuseQuestions } from "./blockers.ts";
import { type DraftBuilder, refOf, viewOf } from "./draft.ts";

export const knownVolume = (volume: Volume): KnownVolume => ({ id: volume.id, naa: volume.naa, name: volume.name });

/** Whether the guest can be asked to shut down, now or once its tools have started. */
const hasTools = (vm: Vm): boolean => vm.toolsRunning || vm.toolsStarting === true;

/** A VM's state as the plan rests on it. Whether tools run counts only where the guest is to be asked. */
export function vmFact(draft: DraftBuilder, vm: Vm, withTools: boolean): void {
  draft.fact(`vm:${vm.id}`, `VM ${safeText(vm.name, 80)}`, {
    path: vm.path,
    power: vm.powerState,
    connection: vm.connectionState,
    host: vm.hostId ?? "",
    template: String(vm.template),
    datastores: vm.datastoreIds.toSorted().join(" "),
    ...(withTools && vm.powerState === "poweredOn" ? { tools: hasTools(vm) ? "running" : "not running" } : {}),
  });
}

/** Its host knows nothing of the VM, or cannot read it: only its registration is left, also when its files are in reach again. */
export const isLost = (vm: Vm): boolean => ["orphaned", "invalid"].includes(vm.connectionState);

/** The VM's files cannot be reached: only its registration is left. */
export const isDead = (vm: Vm): boolean => vm.connectionState === "inaccessible" || isLost(vm);

/**
 * Whether it has to be powered off before it can be unregistered. One whose storage is lost runs on, and vCenter refuses to
 * unregister it; of a lost one its host knows nothing, and what vCenter says of its power is old news.
 */
export const isRunning = (vm: Vm): boolean => vm.powerState === "poweredOn" && !vm.template && !isLost(vm);

/** Powers the VMs off hard, those of them that run. Returns the step that does. */
export function powerOffHard(
  draft: DraftBuilder,
  vms: readonly Vm[],
  how: { readonly diskLost: boolean },
  after: readonly string[],
): string[] {
  const running = vms.filter(isRunning);
  if (running.length === 0) return [];
  return [draft.add("power_off", { vms: running.map(refOf), ...(how.diskLost ? { diskLost: true } : {}) }, after)];
}

/** Gets the VMs on a datastore off: hard on a clone, through the guest on gold. Returns the steps that do. */
function stopVms(
  draft: DraftBuilder,
  vms: readonly Vm[],
  kind: LunVolume["kind"],
  request: Request,
  after: readonly string[] = [],
): string[] {
  const running = vms.filter(isRunning);
  const diskLost = running.some(isDead);
  refuseManaged(vms);
  refuseQuestions(running);
  // While tools are starting, the shutdown is disabled for want of them.
  const isAsked = (vm: Vm): boolean => kind !== "clone" && vm.toolsRunning;
  refuseDisabled(vms, (vm) => (!isRunning(vm) ? "unregister" : isAsked(vm) ? "shutDownGuest" : "powerOff"));
  for (const vm of running.filter((each) => each.faultTolerant === true)) {
    draft.warnings.push(
      `VM ${vm.name} is protected by Fault Tolerance: turn that off in vCenter first, or power-off and unregister may be refused half-way.`,
    );
  }
  for (const vm of vms) vmFact(draft, vm, kind !== "clone");
  draft.impact.vmsToPowerOff.push(...running.map((vm) => viewOf(refOf(vm))));
  if (kind === "clone") return powerOffHard(draft, running, { diskLost }, after);
  for (const vm of vms.filter((one) => one.powerState === "suspended")) {
    draft.warnings.push(`VM ${vm.name} is suspended; its suspended state stays in the gold image.`);
  }
  const asked = running.filter((vm) => hasTools(vm) && !isDead(vm));
  const deaf = running.filter((vm) => !asked.includes(vm));
  const [first] = deaf;
  if (first !== undefined && !request.forcePowerOff) {
    throw new PrepError(
      "TOOLS_MISSING",
      `VM ${first.name} (${first.id}) runs on the gold volume ${isDead(first) ? "and has lost its storage" : "without guest tools"}, so it cannot be shut down cleanly.`,
      {
        found: { vms: deaf.map((vm) => ({ id: vm.id, name: vm.name })) },
        hint: "Shut it down from its console, or have it powered off hard, which can damage the image that every later clone comes from.",
        next: [{ kind: "plan_with", option: "forcePowerOff" }],
      },
    );
  }
  const stops: string[] = [];
  if (asked.length > 0) {
    stops.push(draft.add("shut_down_guest", { vms: asked.map(refOf), thenForce: request.forcePowerOff }, after));
  }
  if (request.forcePowerOff && running.length > 0) {
    draft.warnings.push(
      "VMs on the gold volume may be powered off hard: what their guests have not written is lost in the image.",
    );
    stops.push(...powerOffHard(draft, running, { diskLost }, [...after, ...stops]));
  }
  return stops;
}

/**
 * Stops and unregisters the VMs on a datastore. On a clone each is unregistered as soon as it is off; on gold, where a
 * guest that does not listen stops the run, only when all are. Returns the steps that what follows waits for.
 */
export function stopAndUnregister(
  draft: DraftBuilder,
  vms: readonly Vm[],
  kind: LunVolume["kind"],
  request: Request,
  after: readonly string[] = [],
): string[] {
  const stops = stopVms(draft, vms, kind, request, after);
  const [stop] = stops;
  const beside = kind === "clone" && stop !== undefined;
  const gone = unregisterVms(draft, vms, { dead: false, ...(beside ? { asStoppedBy: stop } : {}) }, [
    ...after,
    ...(beside ? [] : stops),
  ]);
  return [...stops, ...gone];
}

export function unregisterVms(
  draft: DraftBuilder,
  vms: readonly Vm[],
  how: { readonly dead: boolean; readonly asStoppedBy?: string },
  after?: readonly string[],
): string[] {
  if (vms.length === 0) return [];
  draft.impact.vmsToUnregister.push(...vms.map((vm) => viewOf(refOf(vm))));
  return [draft.add("unregister", { vms: vms.map(refOf), ...how }, after)];
}
