/**
 * The modes: one table. Whatever differs between modes besides the steps themselves is a column here, read by request,
 * observation, planner, approval, configuration, command line and docs. A new mode is its file in `core/modes/`, its row
 * here and its tool.
 */

/** Who must approve: the token's holder, the operator asked through their client, or a person on a channel of their own. */
export const APPROVAL_POLICIES = ["token", "prompt", "human"] as const;
export type ApprovalPolicy = (typeof APPROVAL_POLICIES)[number];

export const MODES = [
  "automated_testing",
  "maintenance",
  "register",
  "unregister",
  "rollback",
  "release",
  "snapshot",
] as const;
export type Mode = (typeof MODES)[number];

/** The switches that change a plan. A mode without a use for one leaves it out of the request and the command. */
export const PREP_OPTIONS = ["registerVms", "keepClone", "forcePowerOff", "releaseFirst", "crashConsistent"] as const;
export type PrepOption = (typeof PREP_OPTIONS)[number];

export interface ModeTraits {
  /** Its words on a command line, without dashes: the Python script's own where the script had the mode. */
  readonly flag: { readonly short?: string; readonly long: string };
  /** What a person calls it. */
  readonly name: string;
  /** What it does, in half a line. */
  readonly summary: string;
  /** What it does, and what it leaves alone, in a sentence or three. */
  readonly goal: string;
  /** Whether a snapshot can be named; a mode without is planned as if none had been. */
  readonly usesSnapshot: boolean;
  /** Whether it takes a snapshot, whose name it has to be given. */
  readonly takesSnapshot: boolean;
  readonly options: readonly PrepOption[];
  /** Whether it takes away what the client has of the family before its own work. */
  readonly cleansUp: boolean;
  /** Whether it registers VMs without being asked to by `registerVms`. */
  readonly registers: boolean;
  /** What of the family the client has afterwards; `assigned`: whatever it had before. */
  readonly leaves: "new clone" | "gold" | "assigned" | "nothing";
  /** Whether its goal may be there already, so that a plan has no steps: the volume is looked into before there is a plan. */
  readonly canBeDone: boolean;
  /** Its approval where the site's configuration names none; absent: the configured general one. */
  readonly approval?: ApprovalPolicy;
  /** Whether approving it means typing the LUN's full name. */
  readonly typedName: boolean;
  /** Whether runs of it on one family exclude each other: `shared` where gold is only read. */
  readonly familyLock: "shared" | "exclusive";
  /** Whether the Python script has it: always, or only once its condition that cleans up by mistake is mended. */
  readonly inScript: "yes" | "if condition is fixed" | "no";
}

const TABLE: Readonly<Record<Mode, ModeTraits>> = {
  automated_testing: {
    flag: { short: "A", long: "automated_testing" },
    name: "automated testing",
    summary: "clean up, clone the snapshot, assign the clone, force-mount it",
    goal: "Clean up what the client has of this LUN's family, clone the snapshot, assign the clone, force-mount it. Always a new clone.",
    usesSnapshot: true,
    takesSnapshot: false,
    options: ["registerVms", "keepClone", "forcePowerOff", "releaseFirst"],
    cleansUp: true,
    registers: false,
    leaves: "new clone",
    canBeDone: false,
    typedName: false,
    familyLock: "shared",
    inScript: "yes",
  },
  maintenance: {
    flag: { short: "M", long: "maintenance" },
    name: "maintenance",
    summary: "clean up the clone, assign the gold volume itself, mount it",
    goal: "Clean up a clone, assign the gold volume, mount it. With gold assigned already, only what is missing.",
    usesSnapshot: false,
    takesSnapshot: false,
    options: ["registerVms", "keepClone", "forcePowerOff", "releaseFirst"],
    cleansUp: true,
    registers: false,
    leaves: "gold",
    canBeDone: true,
    typedName: false,
    familyLock: "exclusive",
    inScript: "yes",
  },
  register: {
    flag: { short: "R", long: "register" },
    name: "register VMs",
    summary: "register the VMs on the LUN assigned now",
    goal: "Register every VMX on the assigned LUN's datastore that is not registered. Never cleans up.",
    usesSnapshot: false,
    takesSnapshot: false,
    options: [],
    cleansUp: false,
    registers: true,
    leaves: "assigned",
    canBeDone: true,
    typedName: false,
    familyLock: "shared",
    inScript: "if condition is fixed",
  },
  unregister: {
    flag: { short: "U", long: "unregister" },
    name: "unregister VMs",
    summary: "power off and unregister the VMs on the LUN assigned now",
    goal: "Take the VMs on the assigned LUN's datastore off and out of the inventory. Never cleans up.",
    usesSnapshot: false,
    takesSnapshot: false,
    options: ["forcePowerOff"],
    cleansUp: false,
    registers: false,
    leaves: "assigned",
    canBeDone: true,
    typedName: false,
    familyLock: "shared",
    inScript: "if condition is fixed",
  },
  rollback: {
    flag: { short: "rvgd", long: "rollback_vm_gold_disk" },
    name: "roll the gold disk back",
    summary: "clean up, roll the gold volume back to the snapshot, assign and mount it",
    goal: "Clean up, roll the gold volume back to the snapshot, assign it, mount it. Always rolls back.",
    usesSnapshot: true,
    takesSnapshot: false,
    options: ["registerVms", "keepClone", "forcePowerOff", "releaseFirst"],
    cleansUp: true,
    registers: false,
    leaves: "gold",
    canBeDone: false,
    // What cannot be undone does not follow a general default.
    approval: "human",
    typedName: true,
    familyLock: "exclusive",
    inScript: "yes",
  },
  release: {
    flag: { long: "release" },
    name: "release",
    summary: "clean up what the client has of the LUN's family, and make nothing new",
    goal: "Clean up what the client has of this LUN's family, and what an earlier failure left; make nothing new. Gold is unassigned, never deleted.",
    usesSnapshot: false,
    takesSnapshot: false,
    options: ["keepClone", "forcePowerOff"],
    cleansUp: true,
    registers: false,
    leaves: "nothing",
    canBeDone: true,
    typedName: false,
    familyLock: "shared",
    inScript: "no",
  },
  snapshot: {
    flag: { long: "take_snapshot" },
    name: "snapshot of gold",
    summary: "take a snapshot of that name of the gold volume, whose VMs are off",
    goal: "Take a snapshot of the gold volume, on an array that can. The VMs on gold have to be off, unless a crash consistent one is asked for. Nothing else is touched.",
    usesSnapshot: false,
    takesSnapshot: true,
    options: ["crashConsistent"],
    cleansUp: false,
    registers: false,
    leaves: "assigned",
    canBeDone: false,
    typedName: false,
    familyLock: "exclusive",
    inScript: "no",
  },
};

export const traitsOf = (mode: Mode): ModeTraits => TABLE[mode];

/** A record with a member for every mode. */
export function forEachMode<T>(make: (mode: Mode, traits: ModeTraits) => T): Readonly<Record<Mode, T>> {
  // `fromEntries` forgets the keys' type; these are the union's members, one by one.
  return Object.fromEntries(MODES.map((mode) => [mode, make(mode, TABLE[mode])])) as Record<Mode, T>;
}
