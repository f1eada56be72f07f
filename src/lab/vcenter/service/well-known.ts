/** References of the objects that every vCenter has once. */
import { Ref } from "../wire/value.ts";

export const ROOT_FOLDER = new Ref("Folder", "group-d1");
export const SERVICE_INSTANCE = new Ref("ServiceInstance", "ServiceInstance");
export const SESSION_MANAGER = new Ref("SessionManager", "SessionManager");
export const AUTHORIZATION_MANAGER = new Ref("AuthorizationManager", "AuthorizationManager");
export const VIEW_MANAGER = new Ref("ViewManager", "ViewManager");
export const SEARCH_INDEX = new Ref("SearchIndex", "SearchIndex");
export const TASK_MANAGER = new Ref("TaskManager", "TaskManager");
export const DEFAULT_COLLECTOR = new Ref("PropertyCollector", "propertyCollector");
