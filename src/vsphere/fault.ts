import { at, text, typeName } from "./values.ts";

/** A vim25 fault as it came: its type's name, VMware's own words, and the fault object with its members. */
export interface Fault {
  readonly type: string;
  readonly message: string;
  readonly detail: unknown;
}

/** The fault in an envelope's body, or undefined when there is none. */
export function faultInBody(body: unknown): Fault | undefined {
  const fault = at(body, "Fault");
  if (typeof fault !== "object" || fault === null) return undefined;
  const detail = at(fault, "detail");
  const [name, value] = entriesOf(detail).find(([key]) => key !== "attributes" && key !== "$value") ?? ["", undefined];
  return {
    type: typeName(value) ?? (name === "" ? (text(fault, "faultcode") ?? "Fault") : name.replace(/Fault$/, "")),
    message: text(fault, "faultstring") ?? "",
    detail: value,
  };
}

/** A `LocalizedMethodFault`, as tasks, results and missing properties carry one. */
export function localizedFault(node: unknown): Fault | undefined {
  const fault = at(node, "fault");
  if (fault === undefined) return undefined;
  return {
    type: typeName(fault) ?? "MethodFault",
    message: text(node, "localizedMessage") ?? "",
    detail: fault,
  };
}

const entriesOf = (node: unknown): [string, unknown][] =>
  typeof node === "object" && node !== null ? Object.entries(node) : [];
