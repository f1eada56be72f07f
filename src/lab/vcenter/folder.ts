import { registerVm } from "../world/vms.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { nameOf, startTask } from "./service/call.ts";
import { unescapeName } from "./service/lookups.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { flag, optionalRef, optionalText, text } from "./wire/args.ts";
import { noPermission } from "./wire/faults.ts";
import { Any, Ref } from "./wire/value.ts";

export interface FolderRecord {
  readonly name: string;
  readonly parent: Ref | undefined;
  readonly childType: readonly string[];
  readonly children: () => Ref[];
}

/** The API's reference names it for the parameter `pool`. */
const ASSIGN_TO_POOL = "Resource.AssignVMToPool";

export const FOLDER = managedType<FolderRecord>("Folder", MANAGED_ENTITY, {
  properties: {
    "name string": (folder) => folder.name,
    "parent &ManagedEntity?": (folder) => folder.parent,
    "childType string*": (folder) => folder.childType,
    "childEntity &ManagedEntity*": (folder) => folder.children(),
  },
  methods: {
    "RegisterVM_Task(path string, name string?, asTemplate boolean, pool &ResourcePool?, host &HostSystem?) -> &Task":
      needs(
        "VirtualMachine.Inventory.Register",
        (call) => {
          const { args, self, vcenter } = call;
          const pool = optionalRef(args, "pool");
          if (pool !== undefined && !vcenter.isGranted(ASSIGN_TO_POOL, pool)) throw noPermission(pool, ASSIGN_TO_POOL);
          const given = optionalText(args, "name");
          const name = given === undefined ? undefined : unescapeName(given);
          const poolId = pool?.id;
          const hostId = optionalRef(args, "host")?.id;
          const registration = {
            folderId: self.id,
            path: unescapePath(text(args, "path")),
            asTemplate: flag(args, "asTemplate"),
            ...(name === undefined ? {} : { name }),
            ...(poolId === undefined ? {} : { poolId }),
            ...(hostId === undefined ? {} : { hostId }),
          };
          return startTask(call, {
            descriptionId: "Folder.registerVm",
            entity: { ref: self, name: nameOf(call) },
            cancelable: false,
            run: () => {
              const vmId = call.change(
                (state) => registerVm(state, registration),
                (id) => [id],
              );
              return new Any("VirtualMachine", new Ref("VirtualMachine", vmId));
            },
          });
        },
        [ASSIGN_TO_POOL],
      ),
  },
});

export const folderRef = (id: string | undefined): Ref | undefined =>
  id === undefined ? undefined : new Ref("Folder", id);

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
