/** What all managed objects, and all entities of the inventory, have. */
import { managedType } from "./service/managed-type.ts";

export const MANAGED_OBJECT = managedType("ManagedObject", undefined);

export const EXTENSIBLE_MANAGED_OBJECT = managedType("ExtensibleManagedObject", MANAGED_OBJECT, {
  unset: "value CustomFieldValue*, availableField CustomFieldDef*",
});

export const MANAGED_ENTITY = managedType("ManagedEntity", EXTENSIBLE_MANAGED_OBJECT, {
  properties: {
    "overallStatus ManagedEntityStatus": () => "green",
    "configStatus ManagedEntityStatus": () => "green",
    "effectiveRole int*": () => [-1],
    "alarmActionsEnabled boolean?": () => true,
    "disabledMethod string*": () => undefined,
  },
  unset:
    "parent &ManagedEntity?, customValue CustomFieldValue*, name string, recentTask &Task*, tag Tag*, configIssue anyType?, permission anyType?, declaredAlarmState anyType?, triggeredAlarmState anyType?",
});
