/** Faults as the server throws them, and how they turn into vim25 data. */
import type { InjectedFault } from "../../world/faults.ts";
import { VimFault } from "../../world/model.ts";
import { enumLiterals, type Field, isA, typeNamed } from "../schema/schema.ts";
import { type Data, Ref, type Value } from "./value.ts";

/** A SOAP fault: a typed vim25 fault with its members, and who is to blame. */
export class SoapFault extends Error {
  readonly type: string;
  readonly detail: Data;
  readonly code: "ServerFaultCode" | "ClientFaultCode";
  constructor(type: string, message: string, detail: Data = {}, code: SoapFault["code"] = "ServerFaultCode") {
    super(message);
    this.type = type;
    this.detail = detail;
    this.code = code;
  }
}

/** The request itself is malformed: not XML, not SOAP, or not what the schema says. */
export const invalidRequest = (message: string): SoapFault =>
  new SoapFault("InvalidRequest", message, {}, "ClientFaultCode");

export const invalidArgument = (property: string): SoapFault =>
  new SoapFault("InvalidArgument", `A specified parameter was not correct: ${property}`, { invalidProperty: property });

export const objectNotFound = (ref: Ref): SoapFault =>
  new SoapFault(
    "ManagedObjectNotFound",
    `The object 'vim.${ref.type}:${ref.id}' has already been deleted or has not been completely created`,
    {
      obj: ref,
    },
  );

export const noPermission = (object: Ref, privilegeId: string): SoapFault =>
  new SoapFault("NoPermission", "Permission to perform this operation was denied.", { object, privilegeId });

export const notAuthenticated = (target: Ref): SoapFault =>
  new SoapFault("NotAuthenticated", "The session is not authenticated.", {
    object: target,
    privilegeId: "System.View",
  });

/** Finds the reference that an id in a world's fault stands for. */
export type RefOf = (id: string) => Ref | undefined;

/** A fault of any origin as a `SoapFault`; an error that is neither is a bug and goes on. */
export function asSoapFault(error: unknown, refOf: RefOf): SoapFault {
  if (error instanceof SoapFault) return error;
  if (!(error instanceof VimFault)) throw error;
  return new SoapFault(error.type, error.message, faultDetail(error.type, error.detail, refOf));
}

function faultDetail(type: string, raw: Readonly<Record<string, string>>, refOf: RefOf): Data {
  const fields = typeNamed(type)?.fields ?? [];
  const entries = fields.flatMap((field): [string, Value][] => {
    const value = memberValue(field, raw[field.name], refOf);
    return value === undefined ? [] : [[field.name, value]];
  });
  return Object.fromEntries(entries);
}

function memberValue(field: Field, raw: string | undefined, refOf: RefOf): Value | undefined {
  if (field.list) return undefined;
  if (field.kind === "ref") return raw === undefined ? undefined : (refOf(raw) ?? new Ref(field.type, raw));
  if (raw !== undefined) return raw;
  // A member that the schema requires is sent, even where whoever injected the fault said nothing of it.
  if (field.optional || field.kind === "data") return undefined;
  return field.kind === "enum" ? [...enumLiterals(field.type)][0] : "";
}

/** A fault that a test asked for by name, with the members that its type requires; `target` is what the call is made on. */
export function injectedFault(injected: InjectedFault, target?: Ref): SoapFault {
  const { fault: type, localizedMessage = `${type}: injected by the lab`, faultMessage, faultCause } = injected;
  const refs = (typeNamed(type)?.fields ?? []).flatMap((field): [string, Value][] =>
    field.kind === "ref" && !field.optional && target !== undefined && isA(target.type, field.type)
      ? [[field.name, target]]
      : [],
  );
  return new SoapFault(type, localizedMessage, {
    ...faultDetail(type, {}, () => undefined),
    ...Object.fromEntries(refs),
    ...(faultMessage === undefined ? {} : { faultMessage: faultMessage.map(({ key, message }) => ({ key, message })) }),
    ...(faultCause === undefined ? {} : { faultCause: causeOf(faultCause) }),
  });
}

const causeOf = ({ fault, localizedMessage }: { fault: string; localizedMessage?: string | undefined }): Data => ({
  fault: { ...faultDetail(fault, {}, () => undefined), $type: fault },
  localizedMessage,
});

/** The fault as a data object, for slots of type `LocalizedMethodFault`. */
export const localized = (fault: SoapFault): Data => ({
  fault: { ...fault.detail, $type: fault.type },
  localizedMessage: fault.message,
});
