import { MANAGED_OBJECT } from "./managed-entity.ts";
import { ABOUT } from "./service/about.ts";
import { managedType, open, signedIn } from "./service/managed-type.ts";
import {
  AUTHORIZATION_MANAGER,
  DEFAULT_COLLECTOR,
  ROOT_FOLDER,
  SEARCH_INDEX,
  SESSION_MANAGER,
  TASK_MANAGER,
  VIEW_MANAGER,
} from "./service/well-known.ts";
import type { Data } from "./wire/value.ts";

const CONTENT: Data = {
  rootFolder: ROOT_FOLDER,
  propertyCollector: DEFAULT_COLLECTOR,
  viewManager: VIEW_MANAGER,
  about: ABOUT,
  sessionManager: SESSION_MANAGER,
  authorizationManager: AUTHORIZATION_MANAGER,
  taskManager: TASK_MANAGER,
  searchIndex: SEARCH_INDEX,
};

export const SERVICE_INSTANCE_TYPE = managedType("ServiceInstance", MANAGED_OBJECT, {
  properties: {
    "serverClock dateTime": () => new Date(),
    "content ServiceContent": () => ({ ...CONTENT, $type: "ServiceContent" }),
  },
  unset: "capability anyType?",
  methods: {
    "RetrieveServiceContent() -> ServiceContent": open(() => CONTENT),
    "CurrentTime() -> dateTime": signedIn(() => new Date()),
  },
});
