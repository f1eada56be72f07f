import type { Ref, Value } from "../wire/value.ts";

/** A managed object as the property collector sees it: properties are worked out one by one, when they are asked for. */
export interface Entity {
  readonly ref: Ref;
  /** Undefined: the property is unset. May throw `VimFault` or `SoapFault`: it cannot be read. */
  read(property: string): Value | undefined;
}
