import type { MoRef } from "../core/domain/ids.ts";
import { Collector, type ObjectChange, readNow } from "./collector.ts";
import { garbage, notOffered } from "./faults.ts";
import type { Session } from "./session.ts";
import { list, type Reference, reference, refTo } from "./values.ts";
import type { XmlNode } from "./xml-writer.ts";

/** `TaskInfo` members that tell a task's end; the whole of it is not asked for. */
const TASK_INFO = ["info.state", "info.error", "info.result"];

/** Tells what becomes of tasks: by the server's word (`ListWatch`), or by asking again and again (`readTasks`). */
export class ListWatch {
  readonly #session: Session;
  readonly #collector: Collector;
  readonly #view: Reference;

  private constructor(session: Session, collector: Collector, view: Reference) {
    this.#session = session;
    this.#collector = collector;
    this.#view = view;
  }

  /** One list view that holds all tasks, and one filter over it: one connection however many tasks. */
  static async create(session: Session): Promise<ListWatch> {
    const action = "make a list view of tasks";
    const { viewManager } = await session.services();
    if (viewManager === undefined) throw notOffered("CreateListView", action);
    const [collector, made] = await Promise.all([
      Collector.create(session),
      session.call({
        operation: "CreateListView",
        args: { _this: refTo(viewManager.type, viewManager.id) },
        action,
      }),
    ]);
    const view = reference(made);
    if (view === undefined) throw garbage(action, { missing: "the view's reference" });
    await collector.watch({
      properties: { Task: TASK_INFO },
      from: [{ object: view, skip: true, traversals: [{ type: "ListView", path: "view" }] }],
    });
    return new ListWatch(session, collector, view);
  }

  /** Returns those of `added` that the server does not know, as a task that ended long ago. */
  async change(added: readonly Reference[], removed: readonly Reference[]): Promise<MoRef[]> {
    const unresolved = await this.#session.call({
      operation: "ModifyListView",
      args: {
        _this: refTo(this.#view.type, this.#view.id),
        add: added.map(asArgument),
        remove: removed.map(asArgument),
      },
      action: "watch tasks",
    });
    return list(unresolved).flatMap((each) => reference(each)?.id ?? []);
  }

  next(signal: AbortSignal): Promise<ObjectChange[]> {
    return this.#collector.next(signal);
  }
}

/** The state of tasks now, in the same form. */
export const readTasks = (session: Session, tasks: readonly Reference[]): Promise<ObjectChange[]> =>
  readNow(session, tasks, ["Task", TASK_INFO], "report the state of tasks");

const asArgument = ({ type, id }: Reference): XmlNode => refTo(type, id);
