import * as z from "zod";
import {
  assign,
  checkAssign,
  checkClone,
  checkDeleteVolume,
  checkRollback,
  checkTakeSnapshot,
  checkUnassign,
  createClone,
  deleteVolume,
  rollback,
  takeSnapshot,
  unassign,
} from "../../world/array.ts";
import { ArrayProblem } from "../../world/model.ts";
import type { WorldState } from "../../world/state.ts";
import type { World } from "../../world/world.ts";
import { bodyOf, type Caller, type DgsCall, type HttpReply, Id, parsed, pathParam, type Route } from "./http.ts";
import type { DgsJobs, JobResult } from "./jobs.ts";

const NewClone = z.strictObject({ name: Id });
const NewSnapshot = z.strictObject({ volumeId: Id, name: Id });
const NewAssignment = z.strictObject({ clientId: Id });
const Key = z
  .string()
  .regex(/^[!-~]{1,255}$/)
  .optional();

interface Order {
  /** The request's body, of which a repeat under the same key must be no different. */
  body?: object;
  /** Throws what the array refuses at once. */
  check(state: WorldState): void;
  /** Makes the change when the job runs, and names the objects changed; may be refused by then. */
  apply(state: WorldState): { result: JobResult; targets: readonly string[] };
}

/** The array's changing operations and their jobs. */
export function writeRoutes(world: World, jobs: DgsJobs): Route[] {
  const order = (call: DgsCall, { fault, op, user }: Caller, { body, check, apply }: Order): HttpReply => {
    const key = parsed(Key, call.req.header("idempotency-key"), "Idempotency-Key");
    const request = JSON.stringify([call.req.method, call.req.path, body]);
    const first = jobs.repeated(key, request);
    if (first !== undefined) return accepted(first.id);
    check(world.state);
    const fails = fault?.kind === "job-failed" || fault?.kind === "task-error";
    const { id } = jobs.start({
      ...(key === undefined ? {} : { key }),
      request,
      latencyMs: op === "CloneSnapshot" ? world.latency.clone : world.latency.dgs,
      apply: fails ? failJob : () => world.change({ api: "dgs", op, by: user }, apply, ({ targets }) => targets).result,
    });
    return accepted(id);
  };
  const accepted = (jobId: string): HttpReply => ({
    status: 202,
    body: jobs.get(jobId),
    location: `/api/v1/jobs/${jobId}`,
    jobId,
  });

  return [
    {
      method: "GET",
      path: "/jobs/:id",
      op: "GetJob",
      handle: (call) => ({ status: 200, body: jobs.get(pathParam(call, "id")) }),
    },
    {
      method: "POST",
      path: "/policies/:id/snapshots/:sid/clone",
      op: "CloneSnapshot",
      async handle(call, caller) {
        const body = await bodyOf(call, NewClone);
        const [policy, snapshot] = [pathParam(call, "id"), pathParam(call, "sid")];
        return order(call, caller, {
          body,
          check: (state) => checkClone(state, policy, snapshot),
          apply(state) {
            const { id } = createClone(state, policy, snapshot, body.name);
            return { result: { volumeId: id }, targets: [id] };
          },
        });
      },
    },
    {
      method: "POST",
      path: "/policies/:id/snapshots/:sid/rollback",
      op: "RollbackSnapshot",
      handle(call, caller) {
        const [policy, snapshot] = [pathParam(call, "id"), pathParam(call, "sid")];
        return order(call, caller, {
          check: (state) => checkRollback(state, policy, snapshot),
          apply(state) {
            const { volume, lost } = rollback(state, policy, snapshot);
            return { result: { volumeId: volume.id }, targets: [volume, ...lost].map(({ id }) => id) };
          },
        });
      },
    },
    {
      method: "POST",
      path: "/policies/:id/snapshots",
      op: "CreateSnapshot",
      async handle(call, caller) {
        const body = await bodyOf(call, NewSnapshot);
        const policy = pathParam(call, "id");
        return order(call, caller, {
          body,
          check: (state) => checkTakeSnapshot(state, policy, body),
          apply(state) {
            const { id } = takeSnapshot(state, policy, body);
            return { result: { volumeId: body.volumeId }, targets: [id] };
          },
        });
      },
    },
    {
      method: "POST",
      path: "/volumes/:id/assignments",
      op: "CreateAssignment",
      async handle(call, caller) {
        const body = await bodyOf(call, NewAssignment);
        const volumeId = pathParam(call, "id");
        return order(call, caller, {
          body,
          check: (state) => checkAssign(state, volumeId, body.clientId),
          apply(state) {
            const { id } = assign(state, volumeId, body.clientId);
            return { result: { volumeId, assignmentId: id }, targets: [id] };
          },
        });
      },
    },
    {
      method: "DELETE",
      path: "/assignments/:id",
      op: "DeleteAssignment",
      handle(call, caller) {
        const id = pathParam(call, "id");
        return order(call, caller, {
          check: (state) => checkUnassign(state, id),
          apply(state) {
            unassign(state, id);
            return { result: {}, targets: [id] };
          },
        });
      },
    },
    {
      method: "DELETE",
      path: "/volumes/:id",
      op: "DeleteVolume",
      handle(call, caller) {
        const id = pathParam(call, "id");
        return order(call, caller, {
          check: (state) => checkDeleteVolume(state, id),
          apply(state) {
            deleteVolume(state, id);
            return { result: {}, targets: [id] };
          },
        });
      },
    },
  ];
}

function failJob(): never {
  throw new ArrayProblem(500, "Internal error", "The array could not carry the job out.");
}
