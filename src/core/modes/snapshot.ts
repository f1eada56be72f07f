import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Observation } from "../observe/observe.ts";
import type { NameRule } from "../ports/array.ts";
import type { Vm } from "../ports/hypervisor.ts";
import { nameVms } from "../steps/shared.ts";
import { assignedVolumes, checkGoldFree, datastoreOn, vmsOn } from "./checks.ts";
import { isRunning, knownVolume, vmFact } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput } from "./common.ts";
import { type Draft, DraftBuilder, refOf } from "./draft.ts";

/** `--take_snapshot`: a snapshot of gold, whose VMs are off. What the client has of the family stays as it is. */
export function snapshot(input: ModeInput): Draft {
  const { request, observation, history } = input;
  const { gold } = observation;
  const name = request.newSnapshot ?? "";
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  checkName(name, observation);
  checkGoldFree(observation, "Plan the snapshot for that client: the VMs on gold are registered on its host.");
  const here = assignedVolumes(observation, history.unfinished).filter(({ volume }) => volume.id === gold.id);
  assignedFact(draft, observation, here);
  const datastore = here.length === 0 ? undefined : datastoreOn(gold.naa, observation);
  const vms = datastore === undefined ? [] : vmsOn(datastore, observation, draft.warnings);
  for (const vm of vms) vmFact(draft, vm, false);
  const running = vms.filter(isRunning);
  if (!request.crashConsistent) refuseRunning(running);
  if (running.length > 0) {
    draft.warnings.push(
      `The snapshot is crash consistent only: each clone of it has the disks of ${nameVms(running)} as a power failure would leave them.`,
    );
  }
  for (const vm of vms.filter(({ powerState }) => powerState === "suspended")) {
    draft.warnings.push(`VM ${vm.name} is suspended; its suspended state stays in the snapshot.`);
  }
  draft.add("take_snapshot", {
    gold: knownVolume(gold),
    name,
    off: request.crashConsistent ? [] : vms.filter((vm) => !vm.template).map(refOf),
  });
  return draft.finish();
}

/** On an array that takes snapshots, a name that it allows and that no snapshot of gold has, nor for an id. */
function checkName(name: string, { array, gold, snapshots }: Observation): void {
  const { product, snapshotNames } = array.traits;
  if (snapshotNames === undefined) {
    throw new PrepError("NOT_SUPPORTED", `${safeText(product)} takes no snapshots for others.`, {
      found: { volumeId: gold.id },
      hint: "Take the snapshot on the array itself.",
    });
  }
  if (!fits(name, snapshotNames)) {
    throw new PrepError("BAD_REQUEST", `${safeText(name)} is no name that the array allows for a snapshot.`, {
      hint: `Give at most ${snapshotNames.max} characters of ${snapshotNames.allowed}, the first of ${snapshotNames.first}.`,
    });
  }
  const twin = snapshots.find((one) => one.name === name || one.id === name);
  if (twin === undefined) return;
  throw new PrepError("SNAPSHOT_AMBIGUOUS", `${gold.name} has a snapshot ${twin.name} (${twin.id}) already.`, {
    found: { snapshots: [{ id: twin.id, name: twin.name, createdAt: twin.createdAt }] },
    hint: "Give it another name.",
  });
}

const fits = (name: string, { max, allowed, first }: NameRule): boolean =>
  name.length <= max && new RegExp(`^(?=${first})${allowed}+$`).test(name);

function refuseRunning(running: readonly Vm[]): void {
  if (running.length === 0) return;
  throw new PrepError("VOLUME_IN_USE", `Running on the gold volume: ${nameVms(running)}.`, {
    found: { vms: running.map(({ id, name }) => ({ id, name })) },
    hint: "Shut them down through their guests first, so that the snapshot is a clean one.",
    next: [{ kind: "plan_with", option: "crashConsistent" }],
  });
}
