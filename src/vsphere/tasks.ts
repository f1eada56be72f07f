import { PrepError } from "../core/domain/errors.ts";
import type { MoRef } from "../core/domain/ids.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import type { ObjectChange } from "./collector.ts";
import { localizedFault } from "./fault.ts";
import { isFault, isUnsupported, outcomeUnknown, refusal } from "./faults.ts";
import { OPERATIONS } from "./operations.ts";
import { Pacer } from "./pacer.ts";
import type { Session } from "./session.ts";
import type { SoapCall } from "./soap.ts";
import { ListWatch, readTasks } from "./task-watch.ts";
import { type Reference, text } from "./values.ts";

/** The call that began a task. */
type TaskCall = Pick<SoapCall, "action" | "operation">;

interface Pending {
  readonly ref: Reference;
  readonly call: TaskCall;
  readonly values: Map<string, unknown>;
  readonly settled: AbortController;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** How often in a row waiting is begun anew before it is given up, and the first pause, which doubles each time. */
const RECOVERIES = 6;
const FIRST_PAUSE_MS = 250;
const POLL_MS = 500;

/** The configuration's key for how long one task is waited for. */
const LIMIT = "limits.vcenterTask";

/** Waits for any number of vCenter tasks at once, through lost connections and ended sessions. */
export class Tasks {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #timeout: number;
  readonly #pending = new Map<MoRef, Pending>();
  readonly #watched = new Set<MoRef>();
  #ended: Reference[] = [];
  #watch: Promise<ListWatch> | undefined;
  #waiting = new AbortController();
  #running = false;
  /** The watch that is being told of new tasks just now. */
  #telling: Promise<ListWatch> | undefined;
  readonly #pacer: Pacer;
  #polls = false;
  #closed = false;

  /** `timeout`: how long one task is waited for at most, in ms. */
  constructor(options: { session: Session; clock: Clock; log: Logger; timeout: number }) {
    this.#session = options.session;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#timeout = options.timeout;
    this.#pacer = new Pacer(options.clock, POLL_MS);
  }

  /** Gets ready to wait while the first task is still being asked for. What fails here fails again, and is told, in `wait`. */
  prepare(): void {
    if (!this.#polls) this.#watching().catch(() => undefined);
  }

  /**
   * Resolves with the task's `info.result`. Throws `VimFault` for the task's error. When its end cannot be learnt, that is
   * `OUTCOME_UNKNOWN` of a task that changes something, else what kept us from learning it. `action` completes
   * "vCenter refused to …".
   */
  wait(ref: Reference, call: TaskCall): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const pending: Pending = {
      ref,
      call,
      values: new Map(),
      settled: new AbortController(),
      resolve,
      reject,
    };
    this.#pending.set(ref.id, pending);
    this.#clock.sleep(this.#timeout, pending.settled.signal).then(() => {
      if (!pending.settled.signal.aborted)
        this.#giveUp(pending, { task: ref.id, waitedMs: this.#timeout, limit: LIMIT }, undefined);
    }, reject);
    if (this.#running) void this.#tell();
    else void this.#run();
    return promise;
  }

  close(): void {
    this.#closed = true;
    this.#waiting.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let failures = 0;
    while (this.#pending.size > 0 && !this.#closed) {
      try {
        await (this.#polls ? this.#poll() : this.#listen());
        failures = 0;
      } catch (thrown) {
        if (this.#switchToPolling(thrown)) continue;
        this.#forget();
        failures += 1;
        if (!mayPass(thrown) || failures > RECOVERIES) {
          for (const each of [...this.#pending.values()]) this.#giveUp(each, { task: each.ref.id }, thrown);
          break;
        }
        this.#log.warn({ failures, tasks: this.#pending.size }, "waiting for tasks was interrupted; waiting again");
        await this.#clock.sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), this.#waiting.signal);
      }
    }
    for (const each of [...this.#pending.values()]) this.#giveUp(each, { task: each.ref.id }, undefined);
    this.#running = false;
  }

  async #listen(): Promise<void> {
    const watch = await this.#watching();
    await this.#tell();
    const { size } = this.#pending;
    if (size === 0) return;
    const { signal } = this.#waiting;
    for (const change of await watch.next(signal)) this.#apply(change);
    await this.#pacer.answered(this.#pending.size < size, signal);
  }

  async #poll(): Promise<void> {
    const tasks = [...this.#pending.values()].map((each) => each.ref);
    for (const change of await readTasks(this.#session, tasks)) this.#apply(change);
    if (this.#pending.size > 0) await this.#clock.sleep(POLL_MS, this.#waiting.signal);
  }

  #watching(): Promise<ListWatch> {
    this.#watch ??= ListWatch.create(this.#session);
    return this.#watch;
  }

  /** Puts new tasks on the list, and takes ended ones off it on the same occasion; one call at a time, for all that gathered. */
  async #tell(): Promise<void> {
    const watched = this.#watch;
    if (watched === undefined || this.#telling === watched) return;
    this.#telling = watched;
    try {
      const watch = await watched;
      while (this.#watch === watched) {
        const added = [...this.#pending.values()].map((each) => each.ref).filter(({ id }) => !this.#watched.has(id));
        if (added.length === 0) return;
        const removed = this.#ended;
        this.#ended = [];
        for (const each of added) this.#watched.add(each.id);
        for (const id of await watch.change(added, removed)) this.#lost(id);
      }
    } catch (thrown) {
      this.#log.debug({ code: thrown instanceof PrepError ? thrown.code : "INTERNAL" }, "tasks could not be listed");
      // Whoever waits on this list would wait for tasks that never got onto it.
      if (this.#watch === watched) this.#waiting.abort();
    } finally {
      if (this.#telling === watched) this.#telling = undefined;
    }
  }

  #apply({ ref, gone, values }: ObjectChange): void {
    const pending = this.#pending.get(ref.id);
    if (pending === undefined) return;
    if (gone) {
      this.#lost(ref.id);
      return;
    }
    for (const [path, value] of values) pending.values.set(path, value);
    const state = text(pending.values.get("info.state"));
    if (state === "success") {
      this.#settle(pending);
      pending.resolve(pending.values.get("info.result"));
    } else if (state === "error") {
      this.#settle(pending);
      const { action, operation } = pending.call;
      const fault = localizedFault(pending.values.get("info.error"));
      pending.reject(refusal(fault ?? { type: "MethodFault", message: "", detail: undefined }, action, operation));
    }
  }

  #lost(id: MoRef): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined)
      this.#giveUp(pending, { task: id, reason: "vCenter does not know the task any more" }, undefined);
  }

  #giveUp(pending: Pending, found: Record<string, unknown>, cause: unknown): void {
    this.#settle(pending);
    const { action, operation } = pending.call;
    const what = { operation, ...found };
    const { changes } = OPERATIONS[operation];
    pending.reject(changes ? outcomeUnknown(action, what, cause) : unfinished(action, what, cause));
  }

  #settle(pending: Pending): void {
    this.#pending.delete(pending.ref.id);
    if (this.#watched.delete(pending.ref.id)) this.#ended.push(pending.ref);
    pending.settled.abort();
  }

  #forget(): void {
    this.#watch = undefined;
    this.#watched.clear();
    this.#ended = [];
    if (!this.#closed) this.#waiting = new AbortController();
  }

  #switchToPolling(thrown: unknown): boolean {
    if (this.#polls || !(isUnsupported(thrown) || isFault(thrown, "NotSupported", "InvalidRequest"))) return false;
    const { fault, unsupported } = thrown;
    this.#log.warn(
      { fault, unsupported },
      "vCenter does not report tasks by itself; they are asked about every half second",
    );
    this.#polls = true;
    return true;
  }
}

/** Whether waiting anew can help: not with an account or certificate that is refused, but after a session's end. */
const mayPass = (thrown: unknown): boolean =>
  isFault(thrown, "NotAuthenticated") ||
  !(thrown instanceof PrepError && ["AUTHENTICATION_FAILED", "CERTIFICATE_UNTRUSTED"].includes(thrown.code));

const unfinished = (action: string, found: Record<string, unknown>, cause: unknown): PrepError =>
  cause instanceof PrepError
    ? cause
    : new PrepError("TIMED_OUT", `vCenter took too long to ${action}.`, {
        found,
        hint: `Check the task in vCenter; ask again when it is less busy, or raise ${LIMIT} in the configuration.`,
        cause,
      });
