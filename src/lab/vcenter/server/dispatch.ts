/** From a SOAP request's text to its answer: which method, by whom, on what, and with what result. */
import type { FaultAction } from "../../world/faults.ts";
import type { Find } from "../collector/select.ts";
import { isA, type MethodDef, methodNamed } from "../schema/schema.ts";
import type { Handler, SoapCall } from "../service/call.ts";
import { implementationOf } from "../service/managed-type.ts";
import type { Session } from "../service/sessions.ts";
import { ROOT_FOLDER } from "../service/well-known.ts";
import { ref } from "../wire/args.ts";
import { decodeCall, isVimNamespace } from "../wire/decode.ts";
import { encodeField } from "../wire/encode.ts";
import {
  injectedFault,
  invalidArgument,
  invalidRequest,
  noPermission,
  objectNotFound,
  SoapFault,
} from "../wire/faults.ts";
import { type Data, isData, Ref, type Value } from "../wire/value.ts";
import { parseXml, SOAP_ENVELOPE, type XmlElement, XmlError } from "../wire/xml.ts";
import type { Vcenter } from "./vcenter.ts";

/** A request whose method is known; the rest is not looked at yet. */
export interface Request {
  readonly method: MethodDef;
  readonly element: XmlElement;
}

/** Reads a SOAP 1.1 envelope. Throws `InvalidRequest`. */
export function readRequest(body: string, soapAction: string | undefined): Request {
  const action = soapAction?.trim().replace(/^"(.*)"$/, "$1") ?? "";
  if (action !== "" && !isVimNamespace(action)) throw invalidRequest(`Unsupported version URI "${action}"`);
  const element = callElement(parseEnvelope(body));
  const method = isVimNamespace(element.ns) ? methodNamed(element.name) : undefined;
  if (method === undefined) {
    throw invalidRequest(`Unable to resolve WSDL method name ${element.name} for namespace ${element.ns}`);
  }
  return { method, element };
}

function parseEnvelope(body: string): XmlElement {
  try {
    return parseXml(body);
  } catch (error) {
    if (error instanceof XmlError) throw invalidRequest(`XML document is not valid: ${error.message}`);
    throw error;
  }
}

function callElement(root: XmlElement): XmlElement {
  if (root.name !== "Envelope" || root.ns !== SOAP_ENVELOPE) throw invalidRequest("Expected a SOAP 1.1 Envelope");
  const body = root.children.find((child) => child.name === "Body" && child.ns === SOAP_ENVELOPE);
  const [element, more] = body?.children ?? [];
  if (element === undefined || more !== undefined) throw invalidRequest("Expected one call in the SOAP Body");
  return element;
}

export interface Caller {
  readonly session: Session | undefined;
  readonly client: { readonly address: string; readonly agent: string };
  readonly gone: AbortSignal;
  signedIn(session: Session): void;
}

export interface Answer {
  readonly method: MethodDef;
  readonly value: Value | undefined;
}

/** Does the call. Throws `SoapFault` and `VimFault`. */
export async function answer(
  vcenter: Vcenter,
  { method, element }: Request,
  caller: Caller,
  action: FaultAction | undefined,
): Promise<Answer> {
  const args = decodeCall(element, method);
  const implementation = implementationOf(method.name);
  if (implementation?.open !== undefined) {
    return { method, value: implementation.open({ ...caller, vcenter, args }) };
  }
  const session = vcenter.require(caller.session, ref(args, "_this"));
  session.lastActive = new Date();
  session.calls += 1;
  const find: Find = (id) => vcenter.find(id, session);
  const self = receiver(method, ref(args, "_this"), find);
  checkReferences(method, args, find);
  refuseDisabled(method, self, vcenter);
  const { privilege = "System.View" } = implementation ?? {};
  const guarded = vcenter.guardedBy(self);
  if (!vcenter.isGranted(privilege, guarded)) throw noPermission(guarded, privilege);
  if (implementation?.run === undefined) throw new SoapFault("NotImplemented", `The lab does not have ${method.name}`);
  const cause = { api: "vim", op: method.name, by: session.user } as const;
  const call: SoapCall = {
    vcenter,
    method,
    session,
    self,
    args,
    find,
    gone: caller.gone,
    taskFault: action?.kind === "task-error" ? injectedFault(action, self) : undefined,
    resultFault: action?.kind === "result-fault" ? injectedFault(action, self) : undefined,
    change: (act, targetsOf) => vcenter.world.change(cause, act, targetsOf),
  };
  if (READS.test(method.name)) vcenter.world.countRead();
  if (action?.kind !== "same-token" && action?.kind !== "new-tokens") {
    return { method, value: await implementation.run(call) };
  }
  const token = action.kind === "same-token" ? "page" : `page-${vcenter.world.faults.calls().totals.vim}`;
  return { method, value: await withoutEnd(call, token, implementation.run) };
}

/** A page that names another one; one is there for whatever token. */
async function withoutEnd(call: SoapCall, token: string, run: Handler): Promise<Value | undefined> {
  if (call.method.name === "ContinueRetrievePropertiesEx") return { token, objects: [{ obj: ROOT_FOLDER }] };
  const value = await run(call);
  return call.method.name === "RetrievePropertiesEx" && isData(value) ? { ...value, token } : value;
}

/** The methods that read what the world holds: what is late for a number of reads waits for these. */
const READS = /^(RetrieveProperties(Ex)?|CheckForUpdates|WaitForUpdates(Ex)?|QueryUnresolvedVmfsVolumes?|Find\w+)$/;

/** The object that the call is made on, as what it is and not as what the client says that it is. */
function receiver(method: MethodDef, self: Ref, find: Find): Ref {
  const entity = find(self.id);
  if (entity === undefined) throw objectNotFound(self);
  if (!isA(entity.ref.type, method.owner)) {
    throw new SoapFault("MethodNotFound", `${entity.ref.type} has no method ${method.name}`, {
      receiver: entity.ref,
      method: method.name,
    });
  }
  return entity.ref;
}

function refuseDisabled(method: MethodDef, self: Ref, { world }: Vcenter): void {
  const vm = world.model.vms.find(({ id }) => id === self.id);
  if (vm?.disabledMethods?.includes(method.name) !== true) return;
  throw new SoapFault("MethodDisabled", `The method ${method.name} is disabled by 'lab'`, { source: "lab" });
}

/** Objects named in parameters must exist and be of the kind that is asked for. */
function checkReferences(method: MethodDef, args: Data, find: Find): void {
  for (const field of method.params.fields) {
    const given = args[field.name];
    if (field.kind !== "ref" || field.name === "_this" || !(given instanceof Ref)) continue;
    const entity = find(given.id);
    if (entity === undefined) throw objectNotFound(given);
    if (!isA(entity.ref.type, field.type)) throw invalidArgument(field.name);
  }
}

const ENVELOPE_OPEN =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n';
const ENVELOPE_CLOSE = "\n</soapenv:Body>\n</soapenv:Envelope>\n";

export function answerXml({ method, value }: Answer): string {
  const result = method.result === undefined ? "" : encodeField(method.result, value);
  return `${ENVELOPE_OPEN}<${method.name}Response xmlns="urn:vim25">${result}</${method.name}Response>${ENVELOPE_CLOSE}`;
}
