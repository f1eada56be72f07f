/**
 * The vCenter privileges that the program needs: one table, which `doctor` checks and docs/privileges.md is made from.
 * Which privilege a call wants, and on which object, is VMware's API reference (the `privId` of each method and parameter
 * in pyVmomi's type information says the same).
 */
import { MODES, type Mode, traitsOf } from "../core/domain/modes.ts";
import type { OperationName } from "./operations.ts";

/** Where a privilege is looked for. What is true of a folder or Datacenter is so of what it holds, by propagation. */
export type PrivilegePlace = "datacenter" | "host" | "vmFolder" | "pool";

export interface Privilege {
  readonly id: string;
  /** As the vSphere Client calls it. */
  readonly name: string;
  readonly on: PrivilegePlace;
  /** vim25 methods that want it. */
  readonly calls: readonly OperationName[];
  /** The modes that make these calls: whatever the request says, and only with `registerVms`. */
  readonly modes: readonly Mode[];
  readonly withRegisterVms: readonly Mode[];
}

const modesThat = (test: (mode: ReturnType<typeof traitsOf>) => boolean): Mode[] =>
  MODES.filter((mode) => test(traitsOf(mode)));

/** Every mode reads; a role that someone made has `System.Anonymous`, `System.View` and `System.Read` by itself. */
export const PRIVILEGES: readonly Privilege[] = [
  {
    id: "System.Read",
    name: "Read-only (part of every role)",
    on: "datacenter",
    calls: [
      "RetrievePropertiesEx",
      "QueryUnresolvedVmfsVolumes",
      "QueryOptions",
      "RetrieveDasAdvancedRuntimeInfo",
      "HasPrivilegeOnEntities",
    ],
    modes: MODES,
    withRegisterVms: [],
  },
  {
    id: "Datastore.Browse",
    name: "Datastore › Browse datastore",
    on: "datacenter",
    calls: ["SearchDatastore_Task", "SearchDatastoreSubFolders_Task"],
    modes: MODES,
    withRegisterVms: [],
  },
  {
    id: "Host.Config.Storage",
    name: "Host › Configuration › Storage partition configuration",
    on: "host",
    calls: [
      "RescanAllHba",
      "RescanVmfs",
      "ResolveMultipleUnresolvedVmfsVolumes",
      "MountVmfsVolume",
      "UnmountVmfsVolume",
      "AttachScsiLun",
      "DetachScsiLun",
      "DeleteScsiLunState",
    ],
    modes: modesThat(({ cleansUp, leaves }) => cleansUp || leaves !== "assigned"),
    withRegisterVms: [],
  },
  {
    id: "VirtualMachine.Interact.PowerOff",
    name: "Virtual machine › Interaction › Power off",
    on: "vmFolder",
    calls: ["PowerOffVM_Task", "ShutdownGuest"],
    modes: modesThat(({ options }) => options.includes("forcePowerOff")),
    withRegisterVms: [],
  },
  {
    id: "VirtualMachine.Inventory.Unregister",
    name: "Virtual machine › Edit inventory › Unregister",
    on: "vmFolder",
    calls: ["UnregisterVM"],
    modes: modesThat(({ options }) => options.includes("forcePowerOff")),
    withRegisterVms: [],
  },
  {
    id: "VirtualMachine.Inventory.Register",
    name: "Virtual machine › Edit inventory › Register",
    on: "vmFolder",
    calls: ["RegisterVM_Task"],
    modes: modesThat(({ registers }) => registers),
    withRegisterVms: modesThat(({ options }) => options.includes("registerVms")),
  },
  {
    id: "Resource.AssignVMToPool",
    name: "Resource › Assign virtual machine to resource pool",
    on: "pool",
    calls: ["RegisterVM_Task"],
    modes: modesThat(({ registers }) => registers),
    withRegisterVms: modesThat(({ options }) => options.includes("registerVms")),
  },
];

/** Those of one mode, with what `registerVms` adds. */
export const privilegesOf = (mode: Mode): readonly Privilege[] =>
  PRIVILEGES.filter(({ modes, withRegisterVms }) => modes.includes(mode) || withRegisterVms.includes(mode));
