/** ViewManager and its views. */
import type { Find } from "./collector/select.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import { typeNamed } from "./schema/schema.ts";
import type { SoapCall } from "./service/call.ts";
import { managedType, signedIn } from "./service/managed-type.ts";
import type { Session } from "./service/sessions.ts";
import { type ContainerView, isContainer, type ListView, membersOf, type View } from "./service/views.ts";
import { flag, ref, refs, texts } from "./wire/args.ts";
import { invalidArgument, objectNotFound } from "./wire/faults.ts";
import type { Ref } from "./wire/value.ts";

function addView({ session }: SoapCall, view: View): Ref {
  session.views.set(view.ref.id, view);
  return view.ref;
}

function listOf({ session, self }: SoapCall): Map<string, Ref> {
  const view = session.views.get(self.id);
  if (view?.kind !== "list") throw objectNotFound(self);
  return view.members;
}

/** Adds what exists; the rest is the answer, as `ModifyListView` has it. */
function addMembers(call: SoapCall, members: Map<string, Ref>, added: readonly Ref[]): Ref[] {
  const unknown = added.filter((candidate) => call.find(candidate.id) === undefined);
  for (const one of added) if (!unknown.includes(one)) members.set(one.id, one);
  call.vcenter.changed.emit();
  return unknown;
}

export const VIEW_MANAGER_TYPE = managedType<Session | undefined>("ViewManager", MANAGED_OBJECT, {
  properties: {
    "viewList &View*": (session) => [...(session?.views.values() ?? [])].map((view) => view.ref),
  },
  methods: {
    "CreateContainerView(container &ManagedEntity, type string*, recursive boolean) -> &ContainerView": signedIn(
      (call) => {
        const container = ref(call.args, "container");
        const types = texts(call.args, "type");
        if (!isContainer(container.type)) throw invalidArgument("container");
        if (types.some((type) => typeNamed(type)?.managed !== true)) throw invalidArgument("type");
        const recursive = flag(call.args, "recursive");
        const view = call.session.newRef("ContainerView");
        return addView(call, { kind: "container", ref: view, container, types, recursive });
      },
    ),
    "CreateListView(obj &ManagedObject*) -> &ListView": signedIn((call) => {
      const members = new Map<string, Ref>();
      addMembers(call, members, refs(call.args, "obj"));
      return addView(call, { kind: "list", ref: call.session.newRef("ListView"), members });
    }),
  },
});

const VIEW = managedType<View, Find>("View", MANAGED_OBJECT, {
  methods: {
    "DestroyView()": signedIn(({ session, self, vcenter }) => {
      if (!session.views.delete(self.id)) throw objectNotFound(self);
      vcenter.changed.emit();
      return undefined;
    }),
  },
});

const MANAGED_OBJECT_VIEW = managedType<View, Find>("ManagedObjectView", VIEW, {
  properties: { "view &ManagedObject*": membersOf },
});

export const CONTAINER_VIEW = managedType<ContainerView, Find>("ContainerView", MANAGED_OBJECT_VIEW, {
  properties: {
    "container &ManagedEntity": (view) => view.container,
    "type string*": (view) => view.types,
    "recursive boolean": (view) => view.recursive,
  },
});

export const LIST_VIEW = managedType<ListView, Find>("ListView", MANAGED_OBJECT_VIEW, {
  methods: {
    "ModifyListView(add &ManagedObject*, remove &ManagedObject*) -> &ManagedObject*": signedIn((call) => {
      const members = listOf(call);
      const removed = refs(call.args, "remove").filter((ref) => !members.delete(ref.id));
      return [...addMembers(call, members, refs(call.args, "add")), ...removed];
    }),
    "ResetListView(obj &ManagedObject*) -> &ManagedObject*": signedIn((call) => {
      const members = listOf(call);
      members.clear();
      return addMembers(call, members, refs(call.args, "obj"));
    }),
  },
});

managedType("InventoryView", MANAGED_OBJECT_VIEW);
