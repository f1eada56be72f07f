/** A value and all that it holds, readable only; branded texts stay what they are. */
export type Immutable<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer Member)[]
    ? readonly Immutable<Member>[]
    : T extends object
      ? { readonly [Key in keyof T]: Immutable<T[Key]> }
      : T;
