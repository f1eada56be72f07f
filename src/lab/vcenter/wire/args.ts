/** Typed access to decoded parameters. The schema has checked them: a mismatch here is a bug and throws. */
import { type Data, isData, Ref, type Value } from "./value.ts";

const mismatch = (name: string): TypeError => new TypeError(`parameter ${name} is not what the schema says`);

export function optionalText(data: Data, name: string): string | undefined {
  const value = data[name];
  if (value === undefined || typeof value === "string") return value;
  throw mismatch(name);
}

export function text(data: Data, name: string): string {
  const value = optionalText(data, name);
  if (value === undefined) throw mismatch(name);
  return value;
}

export function optionalNumber(data: Data, name: string): number | undefined {
  const value = data[name];
  if (value === undefined || typeof value === "number") return value;
  throw mismatch(name);
}

/** False when left out. */
export function flag(data: Data, name: string): boolean {
  return data[name] === true;
}

export function optionalRef(data: Data, name: string): Ref | undefined {
  const value = data[name];
  if (value === undefined || value instanceof Ref) return value;
  throw mismatch(name);
}

export function ref(data: Data, name: string): Ref {
  const value = optionalRef(data, name);
  if (value === undefined) throw mismatch(name);
  return value;
}

function list<T extends Value>(data: Data, name: string, is: (value: Value) => value is T): T[] {
  const value = data[name];
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(is)) throw mismatch(name);
  return value;
}

export const texts = (data: Data, name: string): string[] =>
  list(data, name, (value): value is string => typeof value === "string");

export const refs = (data: Data, name: string): Ref[] =>
  list(data, name, (value): value is Ref => value instanceof Ref);

export const records = (data: Data, name: string): Data[] => list(data, name, isData);

export function optionalRecord(data: Data, name: string): Data | undefined {
  const value = data[name];
  if (value === undefined || isData(value)) return value;
  throw mismatch(name);
}
