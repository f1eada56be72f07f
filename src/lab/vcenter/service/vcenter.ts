/** The lab's vCenter without its wire: the world's inventory, sessions, tasks and the service's own objects. */
import type { Credentials, LabWorld } from "../../world/model.ts";
import { notAuthenticated, SoapFault } from "../wire/faults.ts";
import { type Data, Ref } from "../wire/value.ts";
import { ABOUT } from "./about.ts";
import { type Entity, entityOf, type Props } from "./entity.ts";
import { Inventory, ROOT_FOLDER } from "./inventory.ts";
import { DEFAULT_COLLECTOR, type Session, Sessions } from "./sessions.ts";
import { Signal } from "./signal.ts";
import { Tasks } from "./tasks.ts";

const SERVICE_INSTANCE = new Ref("ServiceInstance", "ServiceInstance");
const SESSION_MANAGER = new Ref("SessionManager", "SessionManager");
const VIEW_MANAGER = new Ref("ViewManager", "ViewManager");
const SEARCH_INDEX = new Ref("SearchIndex", "SearchIndex");
const TASK_MANAGER = new Ref("TaskManager", "TaskManager");

export const SERVICE_CONTENT: Data = {
  rootFolder: ROOT_FOLDER,
  propertyCollector: DEFAULT_COLLECTOR,
  viewManager: VIEW_MANAGER,
  about: ABOUT,
  sessionManager: SESSION_MANAGER,
  taskManager: TASK_MANAGER,
  searchIndex: SEARCH_INDEX,
};

interface Scope {
  readonly vcenter: Vcenter;
  readonly session: Session | undefined;
}

const SINGLETONS: readonly [Ref, Props<Scope, undefined>][] = [
  [
    SERVICE_INSTANCE,
    { content: () => ({ ...SERVICE_CONTENT, $type: "ServiceContent" }), serverClock: () => new Date() },
  ],
  [
    SESSION_MANAGER,
    {
      currentSession: ({ session }) => session?.describe(),
      sessionList: () => {
        throw new SoapFault("NoPermission", "Permission to perform this operation was denied.", {
          object: SESSION_MANAGER,
          privilegeId: "Sessions.TerminateSession",
        });
      },
      message: () => "",
      messageLocaleList: () => ["en"],
      supportedLocaleList: () => ["en"],
      defaultLocale: () => "en",
    },
  ],
  [VIEW_MANAGER, { viewList: ({ session }) => [...(session?.views.values() ?? [])].map((view) => view.ref) }],
  [SEARCH_INDEX, {}],
  [TASK_MANAGER, { recentTask: ({ vcenter }) => vcenter.tasks.recent(), maxCollector: () => 32 }],
  [DEFAULT_COLLECTOR, {}],
];

export class Vcenter {
  readonly world: LabWorld;
  readonly credentials: Credentials;
  readonly sessions = new Sessions();
  /** Fires when anything that a client can read may have changed. */
  readonly changed = new Signal();
  readonly tasks: Tasks;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #generation: number;
  #inventory: { version: number; value: Inventory } | undefined;

  constructor(world: LabWorld, credentials: Credentials) {
    this.world = world;
    this.credentials = credentials;
    this.#generation = world.generation;
    this.tasks = new Tasks(world, this.changed, (id) => this.inventory.refOf(id));
    this.#stopListening = world.onChange(() => this.#onWorldChange());
  }

  /** The world as it is now. */
  get inventory(): Inventory {
    const { version, model } = this.world;
    if (this.#inventory?.version !== version) this.#inventory = { version, value: new Inventory(model) };
    return this.#inventory.value;
  }

  /** Any object that this session may see. */
  find(id: string, session: Session | undefined): Entity | undefined {
    return (
      session?.find(id, (other) => this.find(other, session)) ??
      this.inventory.find(id) ??
      this.tasks.find(id) ??
      this.#singleton(id, session)
    );
  }

  /** The session that is needed for `target`; throws `NotAuthenticated`. */
  require(session: Session | undefined, target: Ref): Session {
    if (session === undefined) throw notAuthenticated(target);
    return session;
  }

  /** Runs something later, unless the server closes or the world is reset first. */
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

  #singleton(id: string, session: Session | undefined): Entity | undefined {
    const [ref, props] = SINGLETONS.find(([one]) => one.id === id) ?? [];
    if (ref === undefined || props === undefined) return undefined;
    return entityOf<Scope, undefined>(ref, { vcenter: this, session }, props, undefined);
  }
}
