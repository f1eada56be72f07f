import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { fileOn } from "../domain/vm-path.ts";
import type { Datastore, VmxFile } from "../ports/hypervisor.ts";
import {
  datastoreOf,
  eachWhileBusy,
  judgeBatch,
  labelOf,
  RAISE_DEVICE_WAIT,
  resolve,
  SETTLE_MS,
  verify,
  waitFor,
} from "./shared.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

interface Missing {
  readonly datastore: Datastore;
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
      hint: `Check the datastore in vCenter, then resume the run. ${RAISE_DEVICE_WAIT}`,
    });
  }
  const [{ files, unreadable }, registered] = await Promise.all([
    world.hypervisor.vmxFiles(datastore),
    registeredOn(datastore, world),
  ]);
  const planned = step.files === undefined ? undefined : new Set(step.files);
  const wanted = files.filter((file) => {
    const path = fileOn(datastore, file.path);
    return path !== undefined && !registered.has(path) && (planned === undefined || planned.has(path));
  });
  return { datastore, files: wanted, unreadable };
}

/** Paths below the datastore that VMs are registered from. */
async function registeredOn(datastore: Datastore, { hypervisor }: World): Promise<ReadonlySet<string | undefined>> {
  return new Set((await hypervisor.vmsOn([datastore.id])).map((vm) => fileOn(datastore, vm.path)));
}

/** Those of the files that no VM is registered from. */
async function unregistered({ datastore, files }: Missing, world: World): Promise<VmxFile[]> {
  const registered = await registeredOn(datastore, world);
  return files.filter((file) => !registered.has(fileOn(datastore, file.path)));
}

const stillMissing = (files: readonly VmxFile[]): PrepError =>
  new PrepError("REMOTE_FAULT", `After the registering ${files.length} of them are not in the inventory.`, {
    found: { missing: files.slice(0, 20).map((file) => safeText(file.path, 400)) },
    hint: "Check in vCenter whether a VM elsewhere is registered from the same path, then resume the run.",
  });

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
    const missing = await findMissing(step, reading);
    const { files, unreadable } = missing;
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
      judgeBatch(outcomes, new Map(), "Registering");
      // An answer that says it was there already is not taken for it.
      const there = await verify(
        world.clock,
        SETTLE_MS,
        async () => (await unregistered(missing, world)).length === 0 || undefined,
      );
      if (there.kind === "unseen") throw stillMissing(await unregistered(missing, world));
      const leftovers = unreadable.map((folder) => `could not be read: ${safeText(folder)}`);
      return {
        detail: `${files.length} registered${leftovers.length > 0 ? `, ${leftovers.length} folders could not be read` : ""}`,
        outputs: { leftovers },
      };
    };
  },
});
