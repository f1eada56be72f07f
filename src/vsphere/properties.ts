import { PrepError } from "../core/domain/errors.ts";
import type { MoRef } from "../core/domain/ids.ts";
import { peerText } from "../net/peer-text.ts";
import { type Fault, localizedFault } from "./fault.ts";
import { garbage, isFault, VimFault } from "./faults.ts";
import { ReplyBudget } from "./reply-budget.ts";
import type { Session } from "./session.ts";
import { at, flag, items, list, type Reference, reference, refTo, text } from "./values.ts";
import type { XmlNode } from "./xml-writer.ts";

/** Where to go from an object. `name` lets other selections refer to this one, which is how recursion is said. */
export interface Traversal {
  readonly name?: string;
  readonly type: string;
  readonly path: string;
  /** Names of selections, or further traversals. */
  readonly onward?: readonly (string | Traversal)[];
}

export interface Start {
  readonly object: { readonly type: string; readonly id: MoRef };
  /** Only pass through: do not report the object itself. */
  readonly skip?: boolean;
  readonly traversals?: readonly Traversal[];
}

/** Which properties of which types, from which objects on. */
export interface Selection {
  readonly properties: Readonly<Record<string, readonly string[]>>;
  readonly from: readonly Start[];
}

const selectSet = (selections: readonly (string | Traversal)[]): XmlNode[] =>
  selections.map((each) =>
    typeof each === "string"
      ? { name: each }
      : {
          // Where a SelectionSpec is declared, the server takes anything for one that does not say its type.
          attributes: { "xsi:type": "TraversalSpec" },
          ...(each.name === undefined ? {} : { name: each.name }),
          type: each.type,
          path: each.path,
          skip: false,
          selectSet: selectSet(each.onward ?? []),
        },
  );

/** A `PropertyFilterSpec` in schema order. Objects that are gone are left out of the result instead of failing it. */
export const filterSpec = ({ properties, from }: Selection): XmlNode => ({
  propSet: Object.entries(properties).map(([type, pathSet]) => ({ type, all: false, pathSet })),
  objectSet: from.map(({ object, skip, traversals }) => ({
    obj: refTo(object.type, object.id),
    skip: skip ?? false,
    selectSet: selectSet(traversals ?? []),
  })),
  reportMissingObjectsInResults: true,
});

/** One object of a reply. Asking for a property that the account may not read throws `REMOTE_FAULT`; an unset one is undefined. */
export class Properties {
  readonly ref: Reference;
  readonly #values = new Map<string, unknown>();
  readonly #missing = new Map<string, Fault>();

  constructor(ref: Reference, content: unknown) {
    this.ref = ref;
    for (const each of list(content, "propSet")) this.#values.set(text(each, "name") ?? "", at(each, "val"));
    for (const each of list(content, "missingSet")) {
      const fault = localizedFault(at(each, "fault"));
      this.#missing.set(text(each, "path") ?? "", fault ?? { type: "MethodFault", message: "", detail: undefined });
    }
  }

  value(path: string): unknown {
    const fault = this.#missing.get(path);
    if (fault !== undefined) throw new UnreadableProperty(this.ref, path, fault);
    return this.#values.get(path);
  }

  text(path: string): string | undefined {
    return text(this.value(path));
  }

  flag(path: string): boolean | undefined {
    return flag(this.value(path));
  }

  items(path: string): unknown[] {
    return items(this.value(path));
  }

  id(path: string): MoRef | undefined {
    return reference(this.value(path))?.id;
  }

  ids(path: string): MoRef[] {
    return this.items(path).flatMap((each) => reference(each)?.id ?? []);
  }
}

/**
 * One `RetrievePropertiesEx` and as many `ContinueRetrievePropertiesEx` as the server's page size makes necessary. Begun
 * anew once where the session ended between two pages.
 */
export async function retrieve(
  session: Session,
  selections: readonly Selection[],
  action: string,
): Promise<Properties[]> {
  await session.services();
  const { epoch } = session;
  try {
    return await retrievePages(session, selections, action);
  } catch (thrown) {
    const cut = thrown instanceof VimFault && session.epoch !== epoch;
    // A session that ends at once is not worth a third.
    if (!cut || isFault(thrown, "NotAuthenticated")) throw thrown;
    return retrievePages(session, selections, action);
  }
}

/** A server that gives a hundred objects a page, as some do, gives the largest vCenter's 45,000 VMs on fewer. */
const MAX_PAGES = 500;

async function retrievePages(
  session: Session,
  selections: readonly Selection[],
  action: string,
): Promise<Properties[]> {
  const { propertyCollector } = await session.services();
  const _this = refTo(propertyCollector.type, propertyCollector.id);
  const common = { action, faultIn: endOfSession, budget: ReplyBudget.large() };
  const found: Properties[] = [];
  const tokens = new Set<string>();
  let page = await session.call({
    operation: "RetrievePropertiesEx",
    args: { _this, specSet: selections.map(filterSpec), options: {} },
    ...common,
  });
  // No result at all is how the server says "nothing found".
  while (page !== undefined) {
    const objects = list(page, "objects");
    for (const each of objects) {
      const ref = reference(each, "obj");
      if (ref === undefined) throw garbage(action, { missing: "obj" });
      found.push(new Properties(ref, each));
    }
    const token = text(page, "token");
    if (token === undefined || token === "") break;
    if (objects.length === 0 || tokens.has(token) || tokens.size === MAX_PAGES) {
      throw garbage(action, { pages: tokens.size + 1, reason: "its pages do not end" });
    }
    tokens.add(token);
    page = await session.call({ operation: "ContinueRetrievePropertiesEx", args: { _this, token }, ...common });
  }
  return found;
}

/** Servers of the vim25 family differ: without a session, some fault the read and some every property in it. */
function endOfSession(page: unknown): Fault | undefined {
  for (const object of list(page, "objects")) {
    for (const each of list(object, "missingSet")) {
      const fault = localizedFault(at(each, "fault"));
      if (fault?.type === "NotAuthenticated") return fault;
    }
  }
  return undefined;
}

/** A property that the account may not read. */
export class UnreadableProperty extends PrepError {
  constructor({ type, id }: Reference, path: string, fault: Fault) {
    const privilege = text(fault.detail, "privilegeId");
    super("REMOTE_FAULT", `vCenter does not show ${path} of ${type} ${id}: ${peerText(fault.type, 60)}.`, {
      found: {
        object: id,
        property: path,
        fault: peerText(fault.type, 60),
        ...(privilege === undefined ? {} : { privilege: peerText(privilege) }),
      },
      hint:
        fault.type === "NoPermission"
          ? `Give the account of vcenter.username ${privilege === undefined ? "at least the Read-only role" : `the privilege ${peerText(privilege)}`} on that object, propagated from the Datacenter.`
          : "Check the object's state in vCenter, then ask again.",
    });
  }
}
