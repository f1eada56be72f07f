import { EXTENSIBLE_MANAGED_OBJECT } from "./managed-entity.ts";
import { managedType } from "./service/managed-type.ts";

export const HOST_NETWORK_SYSTEM = managedType("HostNetworkSystem", EXTENSIBLE_MANAGED_OBJECT);
