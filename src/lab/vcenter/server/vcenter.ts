/** The lab's vCenter without its wire: the world's inventory, sessions, tasks and the service's own objects. */
import { isGranted, isRestricted } from "../../world/access.ts";
import type { Credentials } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { AUTHORIZATION_MANAGER_TYPE } from "../authorization-manager.ts";
import type { Entity } from "../collector/entity.ts";
import type { Find } from "../collector/select.ts";
import { Signal } from "../collector/signal.ts";
import { PROPERTY_COLLECTOR, PROPERTY_FILTER } from "../property-collector.ts";
import { SEARCH_INDEX_TYPE } from "../search-index.ts";
import type { Service } from "../service/call.ts";
import type { Lookups } from "../service/lookups.ts";
import { type Session, Sessions } from "../service/sessions.ts";
import { Tasks } from "../service/tasks.ts";
import {
  AUTHORIZATION_MANAGER,
  DEFAULT_COLLECTOR,
  SEARCH_INDEX,
  SERVICE_INSTANCE,
  SESSION_MANAGER,
  TASK_MANAGER,
  VIEW_MANAGER,
} from "../service/well-known.ts";
import { SERVICE_INSTANCE_TYPE } from "../service-instance.ts";
import { SESSION_MANAGER_TYPE } from "../session-manager.ts";
import { TASK } from "../task.ts";
import { TASK_MANAGER_TYPE } from "../task-manager.ts";
import { CONTAINER_VIEW, LIST_VIEW, VIEW_MANAGER_TYPE } from "../view-manager.ts";
import { noPermission, notAuthenticated } from "../wire/faults.ts";
import { Ref } from "../wire/value.ts";
import { Inventory } from "./inventory.ts";

export class Vcenter implements Service {
  readonly world: World;
  readonly credentials: Credentials;
  readonly sessions = new Sessions();
  readonly changed = new Signal();
  readonly tasks: Tasks;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #generation: number;
  #inventory: { version: number; value: Inventory } | undefined;

  constructor(world: World, credentials: Credentials) {
    this.world = world;
    this.credentials = credentials;
    this.#generation = world.generation;
    this.tasks = new Tasks(world, this.changed, (id) => this.refOf(id));
    this.#stopListening = world.onChange(() => this.#onWorldChange());
  }

  get #inventoryNow(): Inventory {
    const { version, model } = this.world;
    if (this.#inventory?.version !== version) this.#inventory = { version, value: new Inventory(model) };
    return this.#inventory.value;
  }

  get lookups(): Lookups {
    return this.#inventoryNow.lookups;
  }

  refOf(id: string): Ref | undefined {
    return this.#inventoryNow.find(id)?.ref;
  }

  isGranted(privilege: string, object: Ref): boolean {
    return isGranted(this.world.state.access, privilege, this.#lineageOf(object.id));
  }

  /** The entity whose permissions count for this object: a host's for its systems, a datastore's for its browser. */
  guardedBy(object: Ref): Ref {
    const { hosts, datastores } = this.world.model;
    const host = hosts.find((candidate) => [candidate.storageSystem, candidate.datastoreSystem].includes(object.id));
    if (host !== undefined) return new Ref("HostSystem", host.id);
    const datastore = datastores.find((candidate) => candidate.browser === object.id);
    return datastore === undefined ? object : new Ref("Datastore", datastore.id);
  }

  /** The object's id and those of all above it. */
  #lineageOf(id: string): string[] {
    const lineage: string[] = [];
    for (let at: string | undefined = this.guardedBy(new Ref("ManagedEntity", id)).id; at !== undefined; ) {
      lineage.push(at);
      const parent: unknown = this.#inventoryNow.find(at)?.read("parent");
      at = parent instanceof Ref ? parent.id : undefined;
    }
    return lineage;
  }

  /** An object of the inventory as the account may see it. */
  #entity(id: string): Entity | undefined {
    const entity = this.#inventoryNow.find(id);
    const { access } = this.world.state;
    if (entity === undefined || !isRestricted(access)) return entity;
    const { ref } = entity;
    const read = (property: string) => {
      const shut = access.unreadable.some(
        (candidate) => candidate.objectId === id && [undefined, property].includes(candidate.property),
      );
      if (shut || !this.isGranted("System.Read", ref)) throw noPermission(this.guardedBy(ref), "System.Read");
      return entity.read(property);
    };
    return { ref, read };
  }

  /** Any object that this session may see. */
  find(id: string, session: Session | undefined): Entity | undefined {
    return (
      (session === undefined ? undefined : this.#ownObject(id, session)) ??
      this.#entity(id) ??
      this.#task(id) ??
      this.#singleton(id, session)
    );
  }

  /** The session that is needed for `target`; throws `NotAuthenticated`. */
  require(session: Session | undefined, target: Ref): Session {
    if (session === undefined) throw notAuthenticated(target);
    return session;
  }

  later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  close(): void {
    this.#stopListening();
    this.sessions.endAll();
    this.#dropPending();
  }

  #dropPending(): void {
    this.tasks.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #onWorldChange(): void {
    if (this.world.generation !== this.#generation) {
      this.#generation = this.world.generation;
      this.#dropPending();
      this.sessions.clearAll();
    }
    this.changed.emit();
  }

  /** What the session made for itself. */
  #ownObject(id: string, session: Session): Entity | undefined {
    const find: Find = (other) => this.find(other, session);
    const view = session.views.get(id);
    if (view?.kind === "container") return CONTAINER_VIEW.entity(id, view, find);
    if (view?.kind === "list") return LIST_VIEW.entity(id, view, find);
    const collector = session.collectors.get(id);
    if (collector !== undefined) return PROPERTY_COLLECTOR.entity(id, collector, undefined);
    const filter = session.filter(id)?.filter;
    return filter === undefined ? undefined : PROPERTY_FILTER.entity(id, filter, undefined);
  }

  #task(id: string): Entity | undefined {
    const task = this.tasks.find(id);
    return task === undefined ? undefined : TASK.entity(id, task, undefined);
  }

  #singleton(id: string, session: Session | undefined): Entity | undefined {
    switch (id) {
      case SERVICE_INSTANCE.id:
        return SERVICE_INSTANCE_TYPE.entity(id, undefined, undefined);
      case SESSION_MANAGER.id:
        return SESSION_MANAGER_TYPE.entity(id, session, undefined);
      case AUTHORIZATION_MANAGER.id:
        return AUTHORIZATION_MANAGER_TYPE.entity(id, this, undefined);
      case VIEW_MANAGER.id:
        return VIEW_MANAGER_TYPE.entity(id, session, undefined);
      case SEARCH_INDEX.id:
        return SEARCH_INDEX_TYPE.entity(id, undefined, undefined);
      case TASK_MANAGER.id:
        return TASK_MANAGER_TYPE.entity(id, this, undefined);
      case DEFAULT_COLLECTOR.id:
        return PROPERTY_COLLECTOR.entity(id, undefined, undefined);
      default:
        return undefined;
    }
  }
}
