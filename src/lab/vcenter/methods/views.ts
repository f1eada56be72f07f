/** ViewManager and its views. */

import { typeNamed } from "../schema/schema.ts";
import type { Call, Handler } from "../service/call.ts";
import { isContainer, type View } from "../service/views.ts";
import { flag, ref, refs, texts } from "../wire/args.ts";
import { invalidArgument, objectNotFound } from "../wire/faults.ts";
import type { Ref } from "../wire/value.ts";

function addView({ session }: Call, view: View): Ref {
  session.views.set(view.ref.id, view);
  return view.ref;
}

function listOf({ session, self }: Call): Map<string, Ref> {
  const view = session.views.get(self.id);
  if (view?.kind !== "list") throw objectNotFound(self);
  return view.members;
}

/** Adds what exists; the rest is the answer, as `ModifyListView` has it. */
function addMembers(call: Call, members: Map<string, Ref>, added: readonly Ref[]): Ref[] {
  const unknown = added.filter((one) => call.find(one.id) === undefined);
  for (const one of added) if (!unknown.includes(one)) members.set(one.id, one);
  call.vcenter.changed.emit();
  return unknown;
}

export const VIEW_METHODS: Readonly<Record<string, Handler>> = {
  CreateContainerView: (call) => {
    const container = ref(call.args, "container");
    const types = texts(call.args, "type");
    if (!isContainer(container.type)) throw invalidArgument("container");
    if (types.some((type) => typeNamed(type)?.managed !== true)) throw invalidArgument("type");
    const recursive = flag(call.args, "recursive");
    return addView(call, { kind: "container", ref: call.session.newRef("ContainerView"), container, types, recursive });
  },
  CreateListView: (call) => {
    const members = new Map<string, Ref>();
    addMembers(call, members, refs(call.args, "obj"));
    return addView(call, { kind: "list", ref: call.session.newRef("ListView"), members });
  },
  ModifyListView: (call) => {
    const members = listOf(call);
    const removed = refs(call.args, "remove").filter((one) => !members.delete(one.id));
    return [...addMembers(call, members, refs(call.args, "add")), ...removed];
  },
  ResetListView: (call) => {
    const members = listOf(call);
    members.clear();
    return addMembers(call, members, refs(call.args, "obj"));
  },
  DestroyView: ({ session, self, vcenter }) => {
    if (!session.views.delete(self.id)) throw objectNotFound(self);
    vcenter.changed.emit();
    return undefined;
  },
};
