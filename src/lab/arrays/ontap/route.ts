/** What a path of the interface is made of. */
import type { World } from "../../world/world.ts";
import type * as act from "./changes.ts";
import type { OntapJobs } from "./jobs.ts";
import type * as rows from "./rows.ts";
import type { Collection, Row } from "./select.ts";

export interface Call {
  readonly query: URLSearchParams;
  readonly body: Row;
  readonly params: readonly string[];
  readonly user: string;
  readonly fails: boolean;
}

export type Outcome =
  | { readonly list: Collection }
  /** One object, by the members that tell it from others. */
  | { readonly one: Collection; readonly where: Readonly<Record<string, string>> }
  | { readonly plain: Row }
  | { readonly done: Row; readonly status: 200 | 201 }
  | { readonly job: string; readonly status: 200 | 201; readonly records?: () => readonly Row[] };

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: RegExp;
  /** A path may stand for several acts. */
  readonly op: (call: Pick<Call, "query" | "body">) => string;
  /** What the query may have beside what every call may. */
  readonly query?: readonly string[];
  handle(call: Call): Outcome;
}

export interface Backend extends rows.Shown {
  readonly jobs: OntapJobs;
}

export const UUID = "([^/]+)";
export const at = (path: string): RegExp => new RegExp(`^/api${path}$`);
export const named = (op: string) => (): string => op;

export const acting = ({ world, storage, doubts }: Backend): act.Acting => ({ state: world.state, storage, doubts });

export function change(world: World, op: string, user: string, apply: () => readonly string[]): void {
  world.change({ api: "dgs", op, by: user }, apply, (targets) => targets);
}
