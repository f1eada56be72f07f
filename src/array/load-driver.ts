/** Finds the driver that configuration names. */
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ERROR_CODES, type ErrorCode, PrepError } from "../core/domain/errors.ts";
import { plainName, type SafeText, safeText } from "../core/domain/safe-text.ts";
import type { ArrayReader } from "../core/ports/array.ts";
import { redact } from "../logging/redact.ts";
import { peerText } from "../net/peer-text.ts";
import type { StorageArrayDriver } from "./driver.ts";
import { ARRAY_KINDS, type ArrayKind } from "./kinds.ts";
import { notAClone } from "./refusals.ts";

const OURS: Readonly<Record<ArrayKind, () => Promise<StorageArrayDriver>>> = {
  dgs: async () => ({ create: (await import("./dgs/array.ts")).createDgs }),
  ontap: async () => ({ create: (await import("./ontap/array.ts")).createOntap }),
};

/**
 * The driver for an array of this kind: one of ours, or the `driver` (or default) export of the module at an absolute path or
 * of a package that is installed beside the configuration or the program. Errors: `CONFIG_INVALID`.
 */
export async function loadDriver(name: string, baseDir: string): Promise<StorageArrayDriver> {
  const kind = ARRAY_KINDS.find((each) => each === name);
  if (kind !== undefined) return OURS[kind]();
  let module: unknown;
  try {
    module = await import(locate(name, baseDir));
  } catch (cause) {
    throw unusable(name, "cannot be loaded", cause);
  }
  const driver = exported(module);
  if (driver === undefined) throw unusable(name, "exports no `driver` with a `create` function");
  return guarded(driver);
}

function locate(name: string, baseDir: string): string {
  if (isAbsolute(name)) return pathToFileURL(name).href;
  try {
    return pathToFileURL(createRequire(join(baseDir, "configuration")).resolve(name)).href;
  } catch {
    // Not installed there, or for `import` only: then as the program itself would find it.
    return name;
  }
}

function unusable(name: string, why: string, cause?: unknown): PrepError {
  return new PrepError("CONFIG_INVALID", `The array driver ${safeText(name)} ${why}.`, {
    found: { driver: safeText(name) },
    hint: `The array's kind is ${ARRAY_KINDS.join(" or ")}, or names a module's path or an installed package; docs/driver.md says what that exports.`,
    cause,
  });
}

function exported(module: unknown): StorageArrayDriver | undefined {
  if (typeof module !== "object" || module === null) return undefined;
  const candidates = ["driver" in module ? module.driver : undefined, "default" in module ? module.default : undefined];
  return candidates.find(isDriver);
}

const isDriver = (value: unknown): value is StorageArrayDriver =>
  typeof value === "object" && value !== null && "create" in value && typeof value.create === "function";

/**
 * A foreign driver behind three guards. It cannot know our error class, so errors are recognised by their members; nor what
 * makes a name fit to be shown, so names are cleaned here. And that gold is never deleted does not rest on a module from
 * elsewhere.
 */
function guarded(driver: StorageArrayDriver): StorageArrayDriver {
  return {
    create: (options) => {
      const { reader, writer, close } = driver.create(options);
      const safeReader = readerOf(reader);
      return {
        reader: safeReader,
        writer: {
          ...readerOf(writer),
          createClone: (what, key, progress) => translateErrors(() => writer.createClone(what, key, progress)),
          rollback: (what, key, progress) => translateErrors(() => writer.rollback(what, key, progress)),
          assign: (what, key, progress) => translateErrors(() => writer.assign(what, key, progress)),
          takeSnapshot: (what, key, progress) => translateErrors(() => writer.takeSnapshot(what, key, progress)),
          unassign: (id, key, progress) => translateErrors(() => writer.unassign(id, key, progress)),
          deleteClone: async (id, key, progress) => {
            const volume = await safeReader.volume(id);
            if (volume === undefined) return;
            // A volume of an array that declares no kinds is known for a clone by its parent.
            const clone =
              volume.declaredKind === undefined ? volume.parent !== undefined : volume.declaredKind === "clone";
            if (!clone) throw notAClone(volume);
            await translateErrors(() => writer.deleteClone(id, key, progress));
          },
        },
        close: () => close(),
      };
    },
  };
}

const cleaned = <T extends { readonly name: SafeText }>(thing: T): T => ({ ...thing, name: plainName(thing.name) });

const readerOf = (reader: ArrayReader): ArrayReader => ({
  traits: () => translateErrors(() => reader.traits()),
  clients: async (filter) => (await translateErrors(() => reader.clients(filter))).map(cleaned),
  volumes: async (filter) => (await translateErrors(() => reader.volumes(filter))).map(cleaned),
  volume: async (id) => {
    const volume = await translateErrors(() => reader.volume(id));
    return volume === undefined ? undefined : cleaned(volume);
  },
  assignments: (filter) => translateErrors(() => reader.assignments(filter)),
  snapshots: async (of) => (await translateErrors(() => reader.snapshots(of))).map(cleaned),
  dependents: (id) => translateErrors(() => reader.dependents(id)),
});

async function translateErrors<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof PrepError) throw thrown;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const hint = "hint" in error && typeof error.hint === "string" ? peerText(error.hint, 400) : undefined;
    throw new PrepError(codeOf(error), peerText(error.message, 400), {
      ...("found" in error ? { found: redact(error.found) } : {}),
      hint: hint ?? "The site's array driver reported this; check the array and at atvm_prep.log.",
      cause: thrown,
      ...("settled" in error && typeof error.settled === "boolean" ? { extra: { settled: error.settled } } : {}),
    });
  }
}

function codeOf(error: Error): ErrorCode {
  const named = "code" in error ? error.code : undefined;
  return ERROR_CODES.find((code) => code === named) ?? "REMOTE_FAULT";
}
