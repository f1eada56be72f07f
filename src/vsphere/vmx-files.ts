import type { MoRef } from "../core/ids.ts";
import type { VmxFile } from "../core/ports.ts";
import { garbage } from "./faults.ts";
import type { Session } from "./session.ts";
import type { Tasks } from "./tasks.ts";
import { items, list, reference, refTo, text } from "./values.ts";

/** Folders of VMFS and of vSphere itself: what lies in them is no VM of anybody's. */
const RESERVED =
  /^\.(snapshot|sdd\.sf|dvsData|vSphere-HA|fbb\.sf|fdc\.sf|pbc\.sf|sbc\.sf|vh\.sf|pb2\.sf|naa\..*|iormstats\.sf|Trash.*)$/i;

/** Every `*.vmx` and `*.vmtx` below a datastore (`SearchDatastoreSubFolders_Task`), nested folders included. */
export async function readVmxFiles(
  session: Session,
  tasks: Tasks,
  datastore: { id: MoRef; name: string; browser: MoRef },
): Promise<{ files: VmxFile[]; unreadable: string[] }> {
  const doing = `list the files on datastore ${datastore.id}`;
  tasks.prepare();
  const started = await session.call({
    operation: "SearchDatastoreSubFolders_Task",
    args: {
      _this: refTo("HostDatastoreBrowser", datastore.browser),
      datastorePath: `[${datastore.name}]`,
      searchSpec: { matchPattern: ["*.vmx", "*.vmtx"] },
    },
    doing,
  });
  const task = reference(started);
  if (task === undefined) throw garbage(doing, { missing: "the task's reference" });
  const folders = items(await tasks.wait(task, doing, "read"));
  return { files: folders.flatMap(filesIn), unreadable: [] };
}

function filesIn(folder: unknown): VmxFile[] {
  const at = text(folder, "folderPath") ?? "";
  if (foldersOf(at).some((each) => RESERVED.test(each))) return [];
  return list(folder, "file").flatMap((each) => {
    const name = text(each, "path") ?? "";
    if (!/\.(vmx|vmtx)$/i.test(name)) return [];
    return [{ path: joined(at, name), template: /\.vmtx$/i.test(name) }];
  });
}

const foldersOf = (folderPath: string): string[] => folderPath.replace(/^\[[^\]]*\]\s*/, "").split("/");

/** `[ds]`, `[ds] dir` and `[ds] dir/` all occur as the folder's path. */
function joined(folderPath: string, name: string): string {
  if (folderPath.endsWith("]")) return `${folderPath} ${name}`;
  return folderPath.endsWith("/") || folderPath.endsWith(" ") ? `${folderPath}${name}` : `${folderPath}/${name}`;
}
