import { SYSTEM_PRIVILEGES } from "../world/access.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import type { Service } from "./service/call.ts";
import { knownPrivileges, managedType, signedIn } from "./service/managed-type.ts";
import { ROOT_FOLDER } from "./service/well-known.ts";
import { flag, ref, refs, text, texts } from "./wire/args.ts";
import type { Data } from "./wire/value.ts";

const ADMIN = -1;
const READ_ONLY = -2;
const RESTRICTED = 101;

/** The role that the account has everywhere. */
const roleIdOf = ({ world }: Service): number => (world.state.access.role === undefined ? ADMIN : RESTRICTED);

function rolesOf({ world }: Service): Data[] {
  const { role } = world.state.access;
  const roleOf = (roleId: number, name: string, privilege: readonly string[]): Data => ({
    roleId,
    system: roleId < 0,
    name,
    info: { label: name, summary: name },
    privilege: [...privilege],
  });
  return [
    roleOf(ADMIN, "Admin", knownPrivileges()),
    roleOf(READ_ONLY, "ReadOnly", SYSTEM_PRIVILEGES),
    ...(role === undefined ? [] : [roleOf(RESTRICTED, "Restricted", [...SYSTEM_PRIVILEGES, ...role])]),
  ];
}

/** The account's one permission: on the root, for everything below. */
const permissionOf = (vcenter: Service): Data => ({
  entity: ROOT_FOLDER,
  principal: vcenter.credentials.username,
  group: false,
  roleId: roleIdOf(vcenter),
  propagate: true,
});

export const AUTHORIZATION_MANAGER_TYPE = managedType<Service>("AuthorizationManager", MANAGED_OBJECT, {
  properties: {
    "privilegeList AuthorizationPrivilege*": () =>
      knownPrivileges().map((privId) => {
        const dot = privId.lastIndexOf(".");
        return { privId, onParent: false, name: privId.slice(dot + 1), privGroupName: privId.slice(0, dot) };
      }),
    "roleList AuthorizationRole*": rolesOf,
  },
  unset: "description anyType?",
  methods: {
    "HasPrivilegeOnEntities(entity &ManagedEntity+, sessionId string, privId string*) -> EntityPrivilege*": signedIn(
      ({ vcenter, args }) =>
        refs(args, "entity").map((entity) => ({
          entity,
          privAvailability: texts(args, "privId").map((privId) => ({
            privId,
            isGranted: vcenter.isGranted(privId, entity),
          })),
        })),
    ),
    "HasPrivilegeOnEntity(entity &ManagedEntity, sessionId string, privId string*) -> boolean*": signedIn(
      ({ vcenter, args }) => texts(args, "privId").map((privId) => vcenter.isGranted(privId, ref(args, "entity"))),
    ),
    "FetchUserPrivilegeOnEntities(entities &ManagedEntity+, userName string) -> UserPrivilegeResult*": signedIn(
      ({ vcenter, args }) => {
        const isKnown = text(args, "userName") === vcenter.credentials.username;
        return refs(args, "entities").map((entity) => ({
          entity,
          privileges: isKnown ? knownPrivileges().filter((privilege) => vcenter.isGranted(privilege, entity)) : [],
        }));
      },
    ),
    "RetrieveEntityPermissions(entity &ManagedEntity, inherited boolean) -> Permission*": signedIn(
      ({ vcenter, args }) =>
        flag(args, "inherited") || ref(args, "entity").id === ROOT_FOLDER.id ? [permissionOf(vcenter)] : [],
    ),
    "RetrieveAllPermissions() -> Permission*": signedIn(({ vcenter }) => [permissionOf(vcenter)]),
    "RetrieveRolePermissions(roleId int) -> Permission*": signedIn(({ vcenter, args }) =>
      args["roleId"] === roleIdOf(vcenter) ? [permissionOf(vcenter)] : [],
    ),
  },
});
