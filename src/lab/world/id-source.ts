/** How the array of a world names and numbers its things; its front end gives it. */
export interface ArrayStyle {
  /** A new id of an object of this kind. */
  objectId(kind: string, ids: IdSource): string;
  /** 32 hex digits in NAA 6 form: a new disk's identity. */
  guid(ids: IdSource): string;
  assignmentId(volume: { readonly id: string; readonly guid: string }, clientId: string, ids: IdSource): string;
  /** What its disks say they are made by. */
  readonly vendor: string;
  /** The nearest name that the array allows for a volume. */
  volumeName(name: string): string;
}

/** Numbers counted per kind; any name goes. */
export const plainStyle: ArrayStyle = {
  vendor: "ARRAY",
  objectId: (kind, ids) => `${kind}-${String(ids.next(kind)).padStart(4, "0")}`,
  guid: (ids) => `60a9d1c0${ids.hex(24)}`,
  assignmentId: (_volume, _clientId, ids) => ids.array("asg"),
  volumeName: (name) => name,
};

/**
 * Ids and identifiers of one lab world, the same for the same seed. Nothing is handed out twice in one world, also
 * after its object is gone.
 */
export class IdSource {
  #state: number;
  #moref = 10;
  readonly #counters = new Map<string, number>();
  readonly #guids = new Set<string>();
  readonly style: ArrayStyle;

  constructor(style = plainStyle, seed = 20_260_701) {
    this.style = style;
    this.#state = seed >>> 0;
  }

  /** Managed object id such as `vm-11`: one count over all kinds, as vCenter has it. */
  moref(prefix: string): string {
    this.#moref += 1;
    return `${prefix}-${this.#moref}`;
  }

  /** A new id of the array's, such as `vol-0001`. */
  array(kind: string): string {
    return this.style.objectId(kind, this);
  }

  /** 1, 2, 3, counted per kind. */
  next(kind: string): number {
    const next = (this.#counters.get(kind) ?? 0) + 1;
    this.#counters.set(kind, next);
    return next;
  }

  /** A disk's identity, 32 hex digits, in the array's form. */
  guid(): string {
    const guid = this.style.guid(this);
    if (this.#guids.has(guid)) return this.guid();
    this.#guids.add(guid);
    return guid;
  }

  /** VMFS signature as vim25 prints it: 8-8-4-12. */
  vmfsUuid(): string {
    return `${this.hex(8)}-${this.hex(8)}-${this.hex(4)}-${this.hex(12)}`;
  }

  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-a${this.hex(3)}-${this.hex(12)}`;
  }

  /** Lower-case letters and digits, like the tail of a run's id. */
  tail(length: number): string {
    return this.text(length, "0123456789abcdefghjkmnpqrstvwxyz");
  }

  hex(length: number): string {
    return this.text(length, "0123456789abcdef");
  }

  /** So many characters of an alphabet. */
  text(length: number, alphabet: string): string {
    let text = "";
    for (let i = 0; i < length; i += 1) text += alphabet.charAt(Math.floor(this.#random() * alphabet.length));
    return text;
  }

  /** mulberry32: small, and good enough for identifiers. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}
