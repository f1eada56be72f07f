import { type LabDatastore, type LabFile, VimFault } from "../world/model.ts";
import { filesOn } from "../world/vms.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import { type SoapCall, startTask } from "./service/call.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { flag, optionalRecord, records, text, texts } from "./wire/args.ts";
import { objectNotFound } from "./wire/faults.ts";
import { Any, type Data, force, Ref } from "./wire/value.ts";

/** The browser of one datastore, or of all that a host lists. */
export interface BrowserRecord {
  readonly datastores: () => LabDatastore[];
}

interface Entry {
  readonly name: string;
  /** Data class of the file, such as `VmConfigFileInfo`. */
  readonly type: string;
}

/** The class that a file's name tells, and the query that looks for it. */
const FILE_TYPES: readonly { suffix: string; type: string; query: string }[] = [
  { suffix: ".vmx", type: "VmConfigFileInfo", query: "VmConfigFileQuery" },
  { suffix: ".vmtx", type: "TemplateConfigFileInfo", query: "TemplateConfigFileQuery" },
  { suffix: ".vmdk", type: "VmDiskFileInfo", query: "VmDiskFileQuery" },
  { suffix: ".nvram", type: "VmNvramFileInfo", query: "VmNvramFileQuery" },
];

const typeOfName = (name: string): string => FILE_TYPES.find(({ suffix }) => name.endsWith(suffix))?.type ?? "FileInfo";

/** Folders with what lies directly in them; `""` is the root. A VMX has its VM's other files beside it. */
function foldersOf(files: readonly LabFile[]): Map<string, Entry[]> {
  const folders = new Map<string, Entry[]>([["", []]]);
  const folder = (path: string): Entry[] => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const made: Entry[] = [];
    folders.set(path, made);
    const slash = path.lastIndexOf("/");
    folder(slash < 0 ? "" : path.slice(0, slash)).push({ name: path.slice(slash + 1), type: "FolderFileInfo" });
    return made;
  };
  for (const { path } of files) {
    const slash = path.lastIndexOf("/");
    const base = path.slice(slash + 1).replace(/\.vmt?x$/, "");
    const names = [path.slice(slash + 1), `${base}.vmdk`, `${base}.nvram`, `${base}.vmxf`, "vmware.log"];
    const entries = folder(slash < 0 ? "" : path.slice(0, slash));
    for (const name of names) {
      if (!entries.some((candidate) => candidate.name === name)) entries.push({ name, type: typeOfName(name) });
    }
  }
  return folders;
}

/** `*` and `?` over a whole file name. */
function globToRegExp(glob: string, ignoreCase: boolean): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, ignoreCase ? "isu" : "su");
}

function filterOf(spec: Data): (entry: Entry) => boolean {
  // Case counts only where the client says so.
  const ignoreCase = spec["searchCaseInsensitive"] !== false;
  const patterns = texts(spec, "matchPattern").map((glob) => globToRegExp(glob, ignoreCase));
  const queries = records(spec, "query").map((query) => query.$type ?? "FileQuery");
  const wanted = (entry: Entry): boolean =>
    queries.length === 0 || queries.some((query) => query === "FileQuery" || queryFinds(query, entry));
  return (entry) => wanted(entry) && (patterns.length === 0 || patterns.some((pattern) => pattern.test(entry.name)));
}

function queryFinds(query: string, entry: Entry): boolean {
  if (query === "FolderFileQuery") return entry.type === "FolderFileInfo";
  if (query === "VmLogFileQuery") return entry.name.endsWith(".log");
  const type = FILE_TYPES.find((candidate) => candidate.query === query)?.type;
  return type !== undefined && entry.type === type;
}

function fileInfo(entry: Entry, details: Data | undefined): Data {
  const has = (name: string): boolean => details !== undefined && flag(details, name);
  return {
    // Without details or a query the server does not look into the file: it is just a file.
    $type: details === undefined || !has("fileType") ? "FileInfo" : entry.type,
    path: entry.name,
    ...(has("fileSize") ? { fileSize: entry.type === "VmDiskFileInfo" ? 42_949_672_960 : 2900 } : {}),
    ...(has("modification") ? { modification: new Date(0) } : {}),
    ...(has("fileOwner") ? { owner: "root" } : {}),
  };
}

interface Place {
  readonly datastore: LabDatastore;
  readonly folder: string;
}

/** `[datastore] folder/` on a datastore that this browser has. */
function placeOf(call: SoapCall, path: string): Place {
  const [, name, folder = ""] = /^\[([^\]]+)\]\s*(.*)$/s.exec(path) ?? [];
  if (name === undefined) {
    throw new VimFault("InvalidDatastorePath", `Invalid datastore path '${path}'.`, { datastorePath: path });
  }
  const entity = call.find(call.self.id);
  if (entity === undefined) throw objectNotFound(call.self);
  const listed = force(entity.read("datastore"));
  const datastore = (Array.isArray(listed) ? listed : [])
    .flatMap((one) => (one instanceof Ref ? (call.vcenter.lookups.datastore(one.id) ?? []) : []))
    .find((one) => one.name === name);
  if (datastore === undefined) throw new VimFault("InvalidDatastore", `Invalid datastore '${name}'.`, { name });
  return { datastore, folder: folder.replace(/\/+$/, "") };
}

function searchResults(call: SoapCall, place: Place, nested: boolean): Data[] {
  const files = filesOn(call.vcenter.world.state, place.datastore.id);
  const folders = foldersOf(files);
  if (!folders.has(place.folder)) {
    const file = `[${place.datastore.name}] ${place.folder}`;
    throw new VimFault("FileNotFound", `File ${file} was not found`, { file });
  }
  const spec = optionalRecord(call.args, "searchSpec") ?? {};
  const matches = filterOf(spec);
  const details = optionalRecord(spec, "details");
  const below = place.folder === "" ? "" : `${place.folder}/`;
  const chosen = [...folders].filter(([path]) => path === place.folder || (nested && path.startsWith(below)));
  const shut = files.find(
    ({ path, unreadable }) => unreadable && chosen.some(([folder]) => folder === path.slice(0, path.lastIndexOf("/"))),
  );
  if (shut !== undefined) {
    const file = `[${place.datastore.name}] ${shut.path.slice(0, shut.path.lastIndexOf("/"))}`;
    throw new VimFault("CannotAccessFile", `Cannot access file ${file}`, { file });
  }
  return chosen.map(([path, entries]) => ({
    datastore: new Ref("Datastore", place.datastore.id),
    folderPath: path === "" ? `[${place.datastore.name}]` : `[${place.datastore.name}] ${path}/`,
    file: entries.filter(matches).map((entry) => fileInfo(entry, details)),
  }));
}

const RESULTS = "HostDatastoreBrowserSearchResults";

function search(call: SoapCall, descriptionId: string, nested: boolean): Ref {
  const path = text(call.args, "datastorePath");
  return startTask(call, {
    descriptionId,
    cancelable: true,
    run: () => {
      const results = searchResults(call, placeOf(call, path), nested);
      const [first] = results;
      return nested || first === undefined ? new Any(RESULTS, results, true) : new Any(RESULTS, first);
    },
  });
}

export const HOST_DATASTORE_BROWSER = managedType<BrowserRecord>("HostDatastoreBrowser", MANAGED_OBJECT, {
  properties: {
    "datastore &Datastore*": (browser) => browser.datastores().map((datastore) => new Ref("Datastore", datastore.id)),
    "supportedType FileQuery*": () => [
      { $type: "VmConfigFileQuery" },
      { $type: "TemplateConfigFileQuery" },
      { $type: "FolderFileQuery" },
    ],
  },
  methods: {
    "SearchDatastore_Task(datastorePath string, searchSpec HostDatastoreBrowserSearchSpec?) -> &Task": needs(
      "Datastore.Browse",
      (call) => search(call, "host.DatastoreBrowser.search", false),
    ),
    "SearchDatastoreSubFolders_Task(datastorePath string, searchSpec HostDatastoreBrowserSearchSpec?) -> &Task": needs(
      "Datastore.Browse",
      (call) => search(call, "host.DatastoreBrowser.searchSubFolders", true),
    ),
  },
});
