import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { fileOn } from "../domain/vm-path.ts";
import type { VmxFile } from "../ports/hypervisor.ts";
import { datastoreOf, eachWhileBusy, judgeBatch, labelOf, resolve, waitFor } from "./shared.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

interface Missing {
  readonly files: VmxFile[];
  readonly unreadable: string[];
}

/** VMX files on the volume's datastore that no VM is registered from. */
async function findMissing(step: StepOf<"register">, world: World): Promise<Missing> {
  const { naa } = resolve(step.volume, world);
  // vCenter may list a datastore a while after the host has mounted it.
  const datastore = await waitFor(world.clock, world.limits.deviceWaitMs, async () => {
    const listed = await datastoreOf(naa, world);
    return listed?.accessible === true ? listed : undefined;
  });
  if (datastore === undefined) {
    throw new PrepError("DATASTORE_NOT_FOUND", `No accessible datastore lies on ${naa}.`, {
      found: { naa },
      hint: "Check the datastore in vCenter, then resume the run.",
    });
  }
  const [{ files, unreadable }, vms] = await Promise.all([
    world.hypervisor.vmxFiles(datastore),
    world.hypervisor.vmsOn([datastore.id]),
  ]);
  const registered = new Set(vms.map((vm) => fileOn(datastore, vm.path)));
  const planned = step.files === undefined ? undefined : new Set(step.files);
  const wanted = files.filter((file) => {
    const path = fileOn(datastore, file.path);
    return path !== undefined && !registered.has(path) && (planned === undefined || planned.has(path));
  });
  return { files: wanted, unreadable };
}

/** `Folder.RegisterVM_Task` for each missing VMX; a VMX is never edited, and nothing is powered on. */
export const register = stepKind<StepOf<"register">>({
  kind: "register",
  irreversible: false,
  describe: (step) =>
    step.files === undefined
      ? `Register every VMX found on ${labelOf(step.volume)} that is not registered (known after the mount)`
      : `Register ${step.files.length} VM${step.files.length === 1 ? "" : "s"}: ${step.files
          .slice(0, 20)
          .map((file) => safeText(file, 80))
          .join(", ")}${step.files.length > 20 ? ` and ${step.files.length - 20} more` : ""}`,
  async check(step, reading) {
    const { files, unreadable } = await findMissing(step, reading);
    if (files.length === 0 && unreadable.length === 0) return { detail: "nothing is missing" };
    return async (world) => {
      const outcomes = await eachWhileBusy(
        world,
        files.map((file) => file.path),
        (paths) =>
          world.hypervisor.register(
            files.filter((file) => paths.includes(file.path)),
            { host: world.host, folder: step.folder, pool: step.pool },
            (done, total) => world.progress(`${done} of ${total} registered`),
          ),
      );
      judgeBatch(outcomes, new Map(files.map((file) => [file.path, file.path])), "Registering");
      const leftovers = unreadable.map((folder) => `could not be read: ${safeText(folder)}`);
      return {
        detail: `${files.length} registered${leftovers.length > 0 ? `, ${leftovers.length} folders could not be read` : ""}`,
        outputs: { leftovers },
      };
    };
  },
});
