/** vCenter's tasks: queued, running, then ended by an effect on the world or by a fault. */
import type { World } from "../../world/world.ts";
import type { Signal } from "../collector/signal.ts";
import { asSoapFault, type RefOf, SoapFault } from "../wire/faults.ts";
import { type Any, Ref } from "../wire/value.ts";

export interface TaskStart {
  /** The method, such as `RegisterVM_Task`. */
  readonly name: string;
  /** Such as `Folder.registerVm`. */
  readonly descriptionId: string;
  readonly entity?: { readonly ref: Ref; readonly name: string };
  readonly user: string;
  readonly cancelable: boolean;
  /** The effect; what it throws ends the task in error. */
  readonly run: () => Any | undefined;
}

export interface TaskRecord extends TaskStart {
  readonly ref: Ref;
  readonly number: number;
  readonly queueTime: Date;
  startTime?: Date;
  completeTime?: Date;
  state: "queued" | "running" | "success" | "error";
  progress?: number;
  cancelled: boolean;
  error?: SoapFault;
  result?: Any | undefined;
  timer?: NodeJS.Timeout;
  readonly waiters: (() => void)[];
}

export class Tasks {
  readonly #world: World;
  readonly #changed: Signal;
  readonly #refOf: RefOf;
  #tasks = new Map<string, TaskRecord>();
  #count = 0;

  constructor(world: World, changed: Signal, refOf: RefOf) {
    this.#world = world;
    this.#changed = changed;
    this.#refOf = refOf;
  }

  /** Queues a task; its effect comes after the lab's task latency. */
  start(what: TaskStart): Ref {
    this.#count += 1;
    const ref = new Ref("Task", `task-${this.#count}`);
    const task: TaskRecord = {
      ...what,
      ref,
      number: this.#count,
      queueTime: new Date(),
      state: "queued",
      cancelled: false,
      waiters: [],
    };
    this.#tasks.set(ref.id, task);
    this.#changed.emit();
    task.timer = setTimeout(() => this.#begin(task));
    return ref;
  }

  find(id: string): TaskRecord | undefined {
    return this.#tasks.get(id);
  }

  recent(): Ref[] {
    return [...this.#tasks.values()].slice(-200).map((task) => task.ref);
  }

  /** Resolves when the task has ended, at once when it is unknown. */
  async ended(id: string): Promise<void> {
    const task = this.#tasks.get(id);
    if (task === undefined || task.state === "success" || task.state === "error") return;
    await new Promise<void>((resolve) => task.waiters.push(resolve));
  }

  cancel(id: string): void {
    const task = this.#tasks.get(id);
    if (task === undefined || !task.cancelable) {
      throw new SoapFault("NotSupported", "The task cannot be canceled.");
    }
    if (task.state === "success" || task.state === "error") {
      throw new SoapFault("InvalidState", "The task has ended.");
    }
    task.cancelled = true;
    this.#end(task, new SoapFault("RequestCanceled", "The task was canceled by a user."));
  }

  /** Forgets all tasks; those that have not ended never will. */
  clear(): void {
    for (const task of this.#tasks.values()) {
      clearTimeout(task.timer);
      for (const wake of task.waiters) wake();
    }
    this.#tasks = new Map();
  }

  #begin(task: TaskRecord): void {
    task.state = "running";
    task.startTime = new Date();
    task.progress = 0;
    task.timer = setTimeout(() => this.#finish(task), this.#world.latency.task);
    this.#changed.emit();
  }

  #finish(task: TaskRecord): void {
    try {
      task.result = task.run();
      this.#end(task);
    } catch (error) {
      this.#end(task, asSoapFault(error, this.#refOf));
    }
  }

  #end(task: TaskRecord, error?: SoapFault): void {
    clearTimeout(task.timer);
    task.state = error === undefined ? "success" : "error";
    delete task.progress;
    if (error !== undefined) task.error = error;
    task.completeTime = new Date();
    for (const wake of task.waiters.splice(0)) wake();
    this.#changed.emit();
  }
}
