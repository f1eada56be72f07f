/** What the account that a product signs in with may do in vCenter. Everything, until a touch takes something away. */

export interface Denial {
  readonly privilege: string;
  /** On this object and all below it; everywhere when left out. */
  readonly objectId?: string | undefined;
}

export interface Access {
  /** The privileges of the account's role; undefined: it is an administrator. */
  role: readonly string[] | undefined;
  denials: Denial[];
  /** Properties that cannot be read, or all of an object's. */
  unreadable: { readonly objectId: string; readonly property?: string | undefined }[];
}

export const fullAccess = (): Access => ({ role: undefined, denials: [], unreadable: [] });

/** What every role holds. */
export const SYSTEM_PRIVILEGES = ["System.Anonymous", "System.View", "System.Read"] as const;

export const isRestricted = ({ role, denials, unreadable }: Access): boolean =>
  role !== undefined || denials.length + unreadable.length > 0;

/** `lineage` are the ids of the object and of all above it. */
export function isGranted({ role, denials }: Access, privilege: string, lineage: readonly string[]): boolean {
  const system = SYSTEM_PRIVILEGES.some((candidate) => candidate === privilege);
  if (role !== undefined && !system && !role.includes(privilege)) return false;
  return !denials.some(
    (denial) => denial.privilege === privilege && (denial.objectId === undefined || lineage.includes(denial.objectId)),
  );
}
