/** Virtual machines: power, registration. */
import { VimFault } from "../../world/model.ts";
import { type Call, type Handler, startTask } from "../service/call.ts";
import { flag, optionalRef, optionalText, text } from "../wire/args.ts";
import { Any, force, Ref } from "../wire/value.ts";

/** Clients may percent-escape any byte of a path. */
function unescapePath(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

function nameOf(call: Call): string {
  const name = force(call.find(call.self.id)?.read("name"));
  return typeof name === "string" ? name : "";
}

function vmTask(call: Call, name: string, descriptionId: string, effect: () => void): Ref {
  return startTask(call, {
    name,
    descriptionId,
    entity: { ref: call.self, name: nameOf(call) },
    cancelable: false,
    run: () => {
      effect();
      return undefined;
    },
  });
}

/** vCenter refuses a power change that leads nowhere at once, not in the task. */
function refusePowerState(call: Call, requestedState: string, refused: readonly string[]): void {
  const vm = call.vcenter.world.model.vms.find((one) => one.id === call.self.id);
  if (vm === undefined || !refused.includes(vm.powerState)) return;
  throw new VimFault(
    "InvalidPowerState",
    `The attempted operation cannot be performed in the current state (${vm.powerState}).`,
    { requestedState, existingState: vm.powerState },
  );
}

function registerVm(call: Call): Ref {
  const { world } = call.vcenter;
  const { args, session, self } = call;
  const name = optionalText(args, "name");
  const poolId = optionalRef(args, "pool")?.id;
  const hostId = optionalRef(args, "host")?.id;
  const what = {
    folderId: self.id,
    path: unescapePath(text(args, "path")),
    asTemplate: flag(args, "asTemplate"),
    ...(name === undefined ? {} : { name }),
    ...(poolId === undefined ? {} : { poolId }),
    ...(hostId === undefined ? {} : { hostId }),
  };
  return startTask(call, {
    name: "RegisterVM_Task",
    descriptionId: "Folder.registerVm",
    entity: { ref: self, name: nameOf(call) },
    cancelable: false,
    run: () => new Any("VirtualMachine", new Ref("VirtualMachine", world.registerVm(what, session.user))),
  });
}

export const VM_METHODS: Readonly<Record<string, Handler>> = {
  RegisterVM_Task: registerVm,
  PowerOffVM_Task: (call) => {
    refusePowerState(call, "poweredOff", ["poweredOff"]);
    const { world } = call.vcenter;
    return vmTask(call, "PowerOffVM_Task", "VirtualMachine.powerOff", () =>
      world.powerOff(call.self.id, call.session.user),
    );
  },
  PowerOnVM_Task: (call) => {
    refusePowerState(call, "poweredOn", ["poweredOn"]);
    const { world } = call.vcenter;
    return vmTask(call, "PowerOnVM_Task", "VirtualMachine.powerOn", () =>
      world.powerOn(call.self.id, call.session.user),
    );
  },
  ShutdownGuest: ({ vcenter, self, session }) => {
    const { world } = vcenter;
    if (world.shutdownGuest(self.id, session.user))
      vcenter.later(world.latency.task, () => world.finishShutdown(self.id));
    return undefined;
  },
  UnregisterVM: ({ vcenter, self, session }) => void vcenter.world.unregisterVm(self.id, session.user),
};
