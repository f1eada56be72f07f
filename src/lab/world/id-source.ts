/**
 * Ids and identifiers of one lab world, the same for the same seed. Nothing is handed out twice in one world, also
 * after its object is gone.
 */
export class IdSource {
  #state: number;
  #moref = 10;
  readonly #counters = new Map<string, number>();
  readonly #guids = new Set<string>();

  constructor(seed = 20_260_701) {
    this.#state = seed >>> 0;
  }

  /** Managed object id such as `vm-11`: one count over all kinds, as vCenter has it. */
  moref(prefix: string): string {
    this.#moref += 1;
    return `${prefix}-${this.#moref}`;
  }

  /** Array id such as `vol-0001`, counted per kind. */
  dgs(prefix: string): string {
    const next = (this.#counters.get(prefix) ?? 0) + 1;
    this.#counters.set(prefix, next);
    return `${prefix}-${String(next).padStart(4, "0")}`;
  }

  /** 32 hex digits in NAA 6 form, with the array's vendor prefix. */
  guid(): string {
    const guid = `60a9d1c0${this.hex(24)}`;
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
    return this.#draw(length, "0123456789abcdefghjkmnpqrstvwxyz");
  }

  hex(length: number): string {
    return this.#draw(length, "0123456789abcdef");
  }

  #draw(length: number, alphabet: string): string {
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
