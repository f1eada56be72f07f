import { EXTENSIBLE_MANAGED_OBJECT } from "./managed-entity.ts";
import { managedType, signedIn } from "./service/managed-type.ts";
import type { TaskRecord } from "./service/tasks.ts";
import { localized } from "./wire/faults.ts";

export const TASK = managedType<TaskRecord>("Task", EXTENSIBLE_MANAGED_OBJECT, {
  properties: {
    "info TaskInfo": (task) => ({
      $type: "TaskInfo",
      key: task.ref.id,
      task: task.ref,
      name: task.name,
      descriptionId: task.descriptionId,
      entity: task.entity?.ref,
      entityName: task.entity?.name,
      state: task.state,
      cancelled: task.cancelled,
      cancelable: task.cancelable,
      error: task.error === undefined ? undefined : localized(task.error),
      result: task.result,
      progress: task.progress,
      reason: { $type: "TaskReasonUser", userName: task.user },
      queueTime: task.queueTime,
      startTime: task.startTime,
      completeTime: task.completeTime,
      eventChainId: task.number,
    }),
  },
  methods: {
    "CancelTask()": signedIn(({ vcenter, self }) => {
      vcenter.tasks.cancel(self.id);
      return undefined;
    }),
  },
});
