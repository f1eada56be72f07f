/** Which time limit a call gets, and which sockets: waiting has its own, so that it never holds up the rest. */
export type TimeoutClass = "call" | "storage" | "wait";

interface Operation {
  /** `storage`: blocks while the host works on its storage. */
  readonly timeout: TimeoutClass;
  /** Its repeat is not harmless, so a lost reply to it is `OUTCOME_UNKNOWN`. A rescan may be repeated. */
  readonly changes: boolean;
}

const READ = { timeout: "call", changes: false } as const;
const CHANGE = { timeout: "call", changes: true } as const;
const STORAGE_READ = { timeout: "storage", changes: false } as const;
const STORAGE_CHANGE = { timeout: "storage", changes: true } as const;

/** What this project calls of vim25. Parameters, their order and results are in VMware's vSphere Web Services API reference. */
export const OPERATIONS = {
  RetrieveServiceContent: READ,
  Login: READ,
  Logout: READ,
  CurrentTime: READ,
  HasPrivilegeOnEntities: READ,
  RetrievePropertiesEx: READ,
  ContinueRetrievePropertiesEx: READ,
  CreatePropertyCollector: READ,
  CreateFilter: READ,
  DestroyPropertyCollector: READ,
  WaitForUpdatesEx: { timeout: "wait", changes: false },
  CreateListView: READ,
  ModifyListView: READ,
  FindAllByIp: READ,
  FindAllByDnsName: READ,
  FindChild: READ,
  QueryOptions: READ,
  RetrieveDasAdvancedRuntimeInfo: READ,
  SearchDatastore_Task: READ,
  SearchDatastoreSubFolders_Task: READ,
  QueryUnresolvedVmfsVolumes: STORAGE_READ,
  ResolveMultipleUnresolvedVmfsVolumes: STORAGE_CHANGE,
  PowerOffVM_Task: CHANGE,
  ShutdownGuest: CHANGE,
  UnregisterVM: CHANGE,
  RegisterVM_Task: CHANGE,
  UnmountVmfsVolume: STORAGE_CHANGE,
  MountVmfsVolume: STORAGE_CHANGE,
  DetachScsiLun: STORAGE_CHANGE,
  AttachScsiLun: STORAGE_CHANGE,
  DeleteScsiLunState: STORAGE_CHANGE,
  RescanAllHba: STORAGE_READ,
  RescanVmfs: STORAGE_READ,
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
