import type { Ref, Value } from "../wire/value.ts";

/** A managed object as the property collector sees it: properties are worked out one by one, when they are asked for. */
export interface Entity {
  readonly ref: Ref;
  /** Undefined: the property is unset. May throw `VimFault` or `SoapFault`: it cannot be read. */
  read(property: string): Value | undefined;
}

/** How each property of a kind of object follows from the lab's record of it. */
export type Props<T, C> = Readonly<Record<string, (object: T, context: C) => Value | undefined>>;

export function entityOf<T, C>(ref: Ref, object: T, props: Props<T, C>, context: C): Entity {
  return { ref, read: (property) => props[property]?.(object, context) };
}
