/** How a managed object type is declared: its properties and its methods, each in one place, with how it is answered. */

import { SYSTEM_PRIVILEGES } from "../../world/access.ts";
import type { Entity } from "../collector/entity.ts";
import { registerManaged } from "../schema/schema.ts";
import { Ref, type Value } from "../wire/value.ts";
import type { Handler, OpenHandler } from "./call.ts";

/** Undefined: the property is unset. May throw `VimFault` or `SoapFault`: it cannot be read. */
type Reader<T, C> = (object: T, context: C) => Value | undefined;

export interface ManagedType<T, C> {
  readonly name: string;
  readonly readers: Readonly<Record<string, Reader<T, C>>>;
  /** The object of this id, as the property collector sees it. */
  entity(id: string, object: T, context: C): Entity;
}

interface Method {
  /** Undefined: it needs no session. */
  readonly privilege: string | undefined;
  /** Those that it needs besides, on objects among its arguments; it looks at them itself. */
  readonly ofArguments: readonly string[];
  readonly run: Handler | undefined;
  readonly open: OpenHandler | undefined;
}

/** A method for those who hold the privilege on its object. */
export const needs = (privilege: string, run: Handler, ofArguments: readonly string[] = []): Method => ({
  privilege,
  ofArguments,
  run,
  open: undefined,
});

/** A method for whoever is signed in. */
export const signedIn = (run: Handler): Method => needs("System.View", run);

/** A method that needs no session. */
export const open = (run: OpenHandler): Method => ({
  privilege: undefined,
  ofArguments: [],
  run: undefined,
  open: run,
});

const methods = new Map<string, Method>();

export const implementationOf = (method: string): Method | undefined => methods.get(method);

/** All that some method or the reading of a property asks for. */
export const knownPrivileges = (): string[] =>
  [
    ...new Set([
      ...SYSTEM_PRIVILEGES,
      ...[...methods.values()].flatMap(({ privilege, ofArguments }) => [
        ...(privilege === undefined ? [] : [privilege]),
        ...ofArguments,
      ]),
    ]),
  ].sort();

/**
 * Declares a type under its base. Keys are in the notation of the schema's tables: `name Type?` for a property,
 * `Name(parameter Type, …) -> Result` for a method. `unset` lists properties that real servers have and this one leaves unset.
 */
export function managedType<T = unknown, C = unknown>(
  name: string,
  base: { readonly name: string; readonly readers: Readonly<Record<string, Reader<T, C>>> } | undefined,
  own: {
    readonly properties?: Readonly<Record<string, Reader<T, C>>>;
    readonly unset?: string;
    readonly methods?: Readonly<Record<string, Method>>;
  } = {},
): ManagedType<T, C> {
  const { properties = {}, unset = "", methods: declared = {} } = own;
  const named = Object.entries(properties).map(([notation, read]) => [notation.replace(/ .*$/, ""), read] as const);
  const readers: Readonly<Record<string, Reader<T, C>>> = { ...base?.readers, ...Object.fromEntries(named) };
  const names = registerManaged({
    name,
    base: base?.name,
    fields: [...Object.keys(properties), ...unset.split(",").filter((field) => field.trim() !== "")],
    methods: Object.keys(declared),
  });
  for (const [index, method] of Object.values(declared).entries()) methods.set(names[index] ?? "", method);
  return {
    name,
    readers,
    entity: (id, object, context) => ({
      ref: new Ref(name, id),
      read: (property) => readers[property]?.(object, context),
    }),
  };
}
