import { MANAGED_OBJECT } from "./managed-entity.ts";
import type { Service } from "./service/call.ts";
import { managedType } from "./service/managed-type.ts";

export const TASK_MANAGER_TYPE = managedType<Service>("TaskManager", MANAGED_OBJECT, {
  properties: {
    "recentTask &Task*": ({ tasks }) => tasks.recent(),
    "maxCollector int": () => 32,
  },
  unset: "description anyType?",
});
