import type { Credentials } from "../../world/model.ts";
import type { WorldState } from "../../world/state.ts";
import type { World } from "../../world/world.ts";
import type { Find } from "../collector/select.ts";
import type { Signal } from "../collector/signal.ts";
import type { MethodDef } from "../schema/schema.ts";
import type { SoapFault } from "../wire/faults.ts";
import { type Data, force, type Ref, type Value } from "../wire/value.ts";
import type { Lookups } from "./lookups.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { TaskStart, Tasks } from "./tasks.ts";

/** What methods and singletons need of the service around them. */
export interface Service {
  readonly world: World;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly tasks: Tasks;
  /** Fires when anything that a client can read may have changed. */
  readonly changed: Signal;
  /** The world as it is now. */
  readonly lookups: Lookups;
  /** The inventory's object of this id. */
  refOf(id: string): Ref | undefined;
  /** Whether the account holds the privilege on the object. */
  isGranted(privilege: string, object: Ref): boolean;
  /** Runs something later, unless the server closes or the world is reset first. */
  later(ms: number, action: () => void): void;
}

/** One call of a method, its parameters checked and its object found. */
export interface SoapCall {
  readonly vcenter: Service;
  readonly method: MethodDef;
  readonly session: Session;
  readonly self: Ref;
  readonly args: Data;
  readonly find: Find;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
  /** Set: the task that this call starts is to end with this fault, without an effect. */
  readonly taskFault: SoapFault | undefined;
  /** Set: what the call would do to each thing that it names is refused with this fault, in its place in the result. */
  readonly resultFault: SoapFault | undefined;
  /** Changes the world in the caller's name, as this method's doing; `targetsOf` names the objects changed. */
  change<T>(act: (state: WorldState) => T, targetsOf: (result: T) => readonly string[]): T;
}

export type Handler = (call: SoapCall) => Value | undefined | Promise<Value | undefined>;

/** A call that needs no session. */
export interface OpenCall {
  readonly vcenter: Service;
  readonly session: Session | undefined;
  readonly args: Data;
  readonly client: { readonly address: string; readonly agent: string };
  /** Makes the reply set the session's cookie. */
  signedIn(session: Session): void;
}

export type OpenHandler = (call: OpenCall) => Value | undefined;

/** Starts a task of this method's in the caller's name, and returns the reference that the method answers with. */
export function startTask(call: SoapCall, what: Omit<TaskStart, "name" | "user">): Ref {
  const { taskFault } = call;
  const run = (): never => {
    throw taskFault;
  };
  return call.vcenter.tasks.start({
    ...what,
    name: call.method.name,
    user: call.session.user,
    ...(taskFault === undefined ? {} : { run }),
  });
}

/** The name of the object that the call is made on. */
export function nameOf(call: SoapCall): string {
  const name = force(call.find(call.self.id)?.read("name"));
  return typeof name === "string" ? name : "";
}
