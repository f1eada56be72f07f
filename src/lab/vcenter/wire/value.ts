/** The JavaScript side of vim25 values: what decoding makes of a request, and what encoding takes for a reply. */

/** A managed object reference: `<x type="HostSystem">host-10</x>`. */
export class Ref {
  readonly type: string;
  readonly id: string;
  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
  }
}

/** A value for an `anyType` slot, with its vim25 type: `new Any("Datastore", ref)`, `new Any("string", "x", true)` for ArrayOfString. */
export class Any {
  readonly type: string;
  readonly value: Value;
  readonly array: boolean;
  constructor(type: string, value: Value, array = false) {
    this.type = type;
    this.value = value;
    this.array = array;
  }
}

/** A value that is worked out only when a reader asks for it. */
export type Lazy = () => Value | undefined;

export type Value = string | number | bigint | boolean | Date | Ref | Any | Data | Lazy | readonly Value[];

/** A data object. `$type` names its class where that is not the declared one. */
export interface Data {
  readonly $type?: string;
  readonly [field: string]: Value | undefined;
}

export const isData = (value: Value | undefined): value is Data =>
  typeof value === "object" &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Ref) &&
  !(value instanceof Any);

/** Works a lazy value out; everything else stays as it is. */
export function force(value: Value | undefined): Exclude<Value, Lazy> | undefined {
  let current = value;
  while (typeof current === "function") current = current();
  return current;
}
