/** How a resource is written: JSON that can be read again later, by name. */
import type { Actor, ReadingEngine } from "../core/engine.ts";
import type { Wording } from "../text/index.ts";

/** What a name can be completed with. */
export type Completable = "lun" | "client" | "host" | "snapshot";

/** A resource as the catalog holds it. */
export interface Resource {
  /** The file's name. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** A URI, or a template with one `{variable}`. */
  readonly uri: string;
  /** What the variable is completed with. */
  readonly complete?: Completable;
  /** The contents for the variable's value ("" where there is none), checked by their view: never a token. Errors: what the engine throws. */
  read(value: string, engine: ReadingEngine, actor: Actor, wording: Wording): Promise<object>;
}

export const resource = (spec: Resource): Resource => spec;
