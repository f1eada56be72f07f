import type { Find } from "../collector/select.ts";
import type { SoapFault } from "../wire/faults.ts";
import type { Data, Ref, Value } from "../wire/value.ts";
import type { Session } from "./sessions.ts";
import type { TaskStart } from "./tasks.ts";
import type { Vcenter } from "./vcenter.ts";

/** One call of a method, its parameters checked and its object found. */
export interface Call {
  readonly vcenter: Vcenter;
  readonly session: Session;
  readonly self: Ref;
  readonly args: Data;
  readonly find: Find;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
  /** Set: the task that this call starts is to end with this fault, without an effect. */
  readonly taskFault: SoapFault | undefined;
}

export type Handler = (call: Call) => Value | undefined | Promise<Value | undefined>;

/** A call that needs no session. */
export interface OpenCall {
  readonly vcenter: Vcenter;
  readonly session: Session | undefined;
  readonly args: Data;
  readonly client: { readonly address: string; readonly agent: string };
  /** Makes the reply set the session's cookie. */
  signedIn(session: Session): void;
}

export type OpenHandler = (call: OpenCall) => Value | undefined;

/** Starts a task in the caller's name, and returns the reference that the method answers with. */
export function startTask(call: Call, what: Omit<TaskStart, "user">): Ref {
  const { taskFault } = call;
  const run = (): never => {
    throw taskFault;
  };
  return call.vcenter.tasks.start({ ...what, user: call.session.user, ...(taskFault === undefined ? {} : { run }) });
}
