import pLimit from "p-limit";
import type { MoRef } from "../core/domain/ids.ts";
import type { VmxFile } from "../core/ports/hypervisor.ts";
import { garbage, isFault, isUnsupported, VimFault } from "./faults.ts";
import { escapedName, unescapedPath } from "./names.ts";
import type { Session } from "./session.ts";
import type { Tasks } from "./tasks.ts";
import { items, list, reference, refTo, text, typeName } from "./values.ts";
import type { XmlNode } from "./xml-writer.ts";

/** Folders of VMFS and of vSphere itself: what lies in them is no VM of anybody's. */
const RESERVED = /^\.(snapshot|dvsData|vSphere-HA|naa\..*|iormstats\.sf|[a-z0-9]+\.sf|Trash.*)$/i;

/** How many folders are searched at once where they have to be searched one by one. */
const FOLDERS_AT_ONCE = 8;

interface Place {
  readonly id: MoRef;
  readonly pathName: string;
  readonly browser: MoRef;
}

interface Found {
  readonly files: VmxFile[];
  /** Folders that could not be read, as `[datastore] dir`. */
  readonly unreadable: string[];
}

/**
 * Every `*.vmx` and `*.vmtx` below a datastore, nested folders included: one `SearchDatastoreSubFolders_Task`. That task
 * fails as a whole on a folder that cannot be read; then, or where there is no such call, the folders are searched one by
 * one, and such a one is told.
 */
export async function readVmxFiles(session: Session, tasks: Tasks, datastore: Place): Promise<Found> {
  const search = async (operation: Search, path: string, searchSpec: XmlNode): Promise<unknown> => {
    const action = `list the files on datastore ${datastore.id}`;
    const args = { _this: refTo("HostDatastoreBrowser", datastore.browser), datastorePath: path, searchSpec };
    const task = reference(await session.call({ operation, args, action }));
    if (task === undefined) throw garbage(action, { missing: "the task's reference" });
    return tasks.wait(task, { action, operation });
  };
  tasks.prepare();
  const root = `[${escapedName(datastore.pathName)}]`;
  try {
    const folders = items(await search("SearchDatastoreSubFolders_Task", root, { matchPattern: ["*.vmx", "*.vmtx"] }));
    return { files: folders.flatMap((each) => filesIn(text(each, "folderPath") ?? root, each)), unreadable: [] };
  } catch (thrown) {
    const piecewise = isUnsupported(thrown) || isFault(thrown, "FileFault");
    if (!piecewise) throw thrown;
    return walk(search, root);
  }
}

type Search = "SearchDatastore_Task" | "SearchDatastoreSubFolders_Task";

/** Asks for folders, which a pattern for VMX files would hide, and for the types by which to tell them apart. */
const FOLDER_SPEC = {
  query: ["FolderFileQuery", "VmConfigFileQuery", "TemplateConfigFileQuery"].map((type) => ({
    attributes: { "xsi:type": type },
  })),
  details: { fileType: true, fileSize: false, modification: false, fileOwner: false },
};

async function walk(
  search: (operation: Search, path: string, spec: XmlNode) => Promise<unknown>,
  root: string,
): Promise<Found> {
  const limit = pLimit(FOLDERS_AT_ONCE);
  const files: VmxFile[] = [];
  const unreadable: string[] = [];
  const visit = async (path: string): Promise<void> => {
    try {
      const folder = await limit(() => search("SearchDatastore_Task", path, FOLDER_SPEC));
      files.push(...filesIn(path, folder));
      const below = list(folder, "file").filter((each) => typeName(each) === "FolderFileInfo");
      const names = below.map((each) => text(each, "path") ?? "").filter((name) => name !== "" && !RESERVED.test(name));
      await Promise.all(names.map((name) => visit(joined(path, name))));
    } catch (thrown) {
      // Without the root nothing is known; without one folder the rest is, and the report names what is missing.
      if (path === root || !(thrown instanceof VimFault)) throw thrown;
      unreadable.push(unescapedPath(path));
    }
  };
  await visit(root);
  return { files, unreadable };
}

function filesIn(folderPath: string, folder: unknown): VmxFile[] {
  if (foldersOf(folderPath).some((each) => RESERVED.test(each))) return [];
  return list(folder, "file").flatMap((each) => {
    const name = text(each, "path") ?? "";
    if (!/\.(vmx|vmtx)$/i.test(name) || typeName(each) === "FolderFileInfo") return [];
    return [{ path: unescapedPath(joined(folderPath, name)), template: /\.vmtx$/i.test(name) }];
  });
}

const foldersOf = (folderPath: string): string[] => folderPath.replace(/^\[[^\]]*\] ?/, "").split("/");

/** `[ds]`, `[ds] dir`, `[ds] dir/` and `[ds]/dir` all occur as the folder's path; VMs' paths have the second form. */
function joined(folderPath: string, name: string): string {
  const folders = foldersOf(folderPath).filter((each) => each !== "");
  return `${folderPath.slice(0, folderPath.indexOf("]") + 1)} ${[...folders, name].join("/")}`;
}
