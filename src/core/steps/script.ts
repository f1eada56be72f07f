import { commandLine } from "../domain/command-line.ts";
import { PrepError } from "../domain/errors.ts";
import type { Naa } from "../domain/ids.ts";
import { traitsOf } from "../domain/modes.ts";
import { safeText } from "../domain/safe-text.ts";
import { fileOn, livesOn } from "../domain/vm-path.ts";
import { isOfLun } from "../observe/observe-host.ts";
import type { Datastore, HostDevices, VmfsMount } from "../ports/hypervisor.ts";
import type { ScriptEnd } from "../ports/script.ts";
import { isMounted, verify } from "./shared.ts";
import { type Outputs, type StepOf, stepKind, type World, type WritableWorld } from "./types.ts";

type ScriptStep = StepOf<"script">;

/** What the hypervisor shows of the goal: its datastore where it is reached. */
interface Seen {
  readonly words: string;
  readonly reached?: NonNullable<Outputs["datastore"]>;
}

const mountsOf = ({ mounts }: HostDevices, { lun, signatures }: ScriptStep["goal"]): VmfsMount[] =>
  mounts.filter((mount) => isMounted(mount) && isOfLun(mount, lun, new Set(signatures)));

async function look(step: ScriptStep, world: World, before: ReadonlySet<Naa>): Promise<Seen> {
  const { hypervisor, host } = world;
  const [devices, { datastores }] = await Promise.all([hypervisor.hostDevices(host), hypervisor.inventory()]);
  const mounts = mountsOf(devices, step.goal);
  const [mount] = mounts;
  const lun = safeText(step.goal.lun);
  if (mount === undefined || mounts.length > 1) {
    return { words: `${mounts.length} datastores of ${lun} are mounted on ${safeText(host.name)}` };
  }
  const datastore = datastores.find(
    ({ datacenterId, vmfsUuid, extents }) =>
      datacenterId === host.datacenter.id &&
      vmfsUuid === mount.vmfsUuid &&
      extents.every((naa) => mount.extents.includes(naa)),
  );
  if (datastore === undefined) return { words: `vCenter does not list ${safeText(mount.label)} yet` };
  const { reached, words } = await judge(step, mount, datastore, world, before);
  const { id, name, vmfsUuid } = datastore;
  return {
    words: `datastore ${safeText(name)} (${mount.extents.join(", ")}) ${words}`,
    ...(reached && { reached: { id, name, vmfsUuid } }),
  };
}

/** Whether this mount is what the mode leaves. A clone is mounted by force, gold mounts by itself. */
async function judge(
  { goal }: ScriptStep,
  mount: VmfsMount,
  datastore: Datastore,
  { hypervisor }: World,
  before: ReadonlySet<Naa>,
): Promise<{ reached: boolean; words: string }> {
  const { leaves, registers } = traitsOf(goal.mode);
  if (leaves === "new clone") {
    if (!mount.forceMounted) return { reached: false, words: "is mounted, but not by force, as a clone is" };
    const isNew = mount.extents.every((naa) => !before.has(naa));
    return { reached: isNew, words: isNew ? "is mounted, on a new disk" : "is mounted, but on the disk of before" };
  }
  if (leaves === "gold") {
    const words = mount.forceMounted ? "is mounted by force, as a clone is, not gold" : "is mounted, as gold is";
    return { reached: !mount.forceMounted, words };
  }
  const vms = (await hypervisor.vmsOn([datastore.id])).filter((vm) => livesOn(vm, datastore));
  if (!registers) return { reached: vms.length === 0, words: `has ${vms.length} registered VMs` };
  const { files } = await hypervisor.vmxFiles(datastore);
  const registered = new Set(vms.map((vm) => fileOn(datastore, vm.path)));
  const missing = files.filter(({ path }) => !registered.has(fileOn(datastore, path)));
  return { reached: missing.length === 0, words: `has ${missing.length} VMs that are not registered` };
}

const reportOf = ({ how, answered, output, log }: ScriptEnd): NonNullable<Outputs["script"]> => ({
  ended: how,
  answered: [...answered],
  output: [...output],
  log: [...log],
});

function unclear(end: ScriptEnd, seen: string, { where }: ScriptStep): PrepError {
  const still = end.mayRun ? ` It may still be running ${where}: check there first.` : "";
  const asked =
    end.question === undefined
      ? ""
      : ` If yes is the right answer, add the question to script.prompts: ${JSON.stringify(end.question)}.`;
  return new PrepError("OUTCOME_UNKNOWN", `${end.how} In vSphere, ${seen}.`, {
    found: { script: reportOf(end) },
    hint: `Check the array and the script's log for what was done.${still}${asked} Then plan again: the script itself is never resumed.`,
    next: [{ kind: "plan_again" }],
  });
}

async function runIt(
  step: ScriptStep,
  world: WritableWorld,
  before: ReadonlySet<Naa>,
): Promise<{ detail: string; outputs: Outputs }> {
  const { script } = world;
  if (script === undefined) {
    throw new PrepError(
      "PLAN_OBSOLETE",
      "This was planned for the site's script, which the configuration does not name any more.",
      {
        hint: "Nothing was changed.",
        next: [{ kind: "plan_again" }],
      },
    );
  }
  const running = await script.running();
  if (running.length > 0) {
    throw new PrepError("LOCKED", `The script is running already ${step.where}, started by somebody else.`, {
      found: { processes: running.slice(0, 5) },
      hint: "Nothing was done. Wait for it, then plan again.",
    });
  }
  const end = await script.run({ words: step.words, withPassword: step.withPassword }, world.progress);
  const endedWell = end.kind === "exited" && end.code === 0;
  let seen = "";
  const found = await verify(world.clock, endedWell ? world.limits.deviceWaitMs : 0, async () => {
    const { words, reached } = await look(step, world, before);
    seen = words;
    return reached;
  });
  if (found.kind === "unverified") seen = `nothing could be seen (${found.error.message})`;
  if (!endedWell || found.kind !== "seen") throw unclear(end, seen, step);
  return { detail: `${end.how} In vSphere, ${seen}.`, outputs: { script: reportOf(end), datastore: found.value } };
}

/** The site's own script, once, with the words that were approved. It is not begun where another one runs. */
export const script = stepKind<ScriptStep>({
  kind: "script",
  irreversible: true,
  describe: ({ words, withPassword, where }) =>
    `Run ${safeText(commandLine(words), 1_000)}${withPassword ? " -vp, with the configured password," : ""} ${where}`,
  async check(step, { hypervisor, host }) {
    const { disks } = await hypervisor.hostDevices(host);
    const before: ReadonlySet<Naa> = new Set(disks.map(({ naa }) => naa));
    return (world) => runIt(step, world, before);
  },
});
