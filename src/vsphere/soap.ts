import { PrepError } from "../core/domain/errors.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import { translateNetworkError, wasNeverSent } from "../net/errors.ts";
import { type Fault, faultInBody, garbage, outcomeUnknown, VimFault } from "./faults.ts";
import type { Lane, Reply, VimHttp } from "./http.ts";
import { at } from "./values.ts";
import { loadWsdl, type OperationName, VIM_NAMESPACE } from "./wsdl.ts";

/** Changes whose repeat is not harmless: a lost reply to one of these is `OUTCOME_UNKNOWN`. Rescans are not among them. */
const CHANGES: ReadonlySet<OperationName> = new Set<OperationName>([
  "PowerOffVM_Task",
  "ShutdownGuest",
  "UnregisterVM",
  "RegisterVM_Task",
  "UnmountVmfsVolume",
  "MountVmfsVolume",
  "ResolveMultipleUnresolvedVmfsVolumes",
  "DetachScsiLun",
  "AttachScsiLun",
  "DeleteScsiLunState",
]);

/** Those that block while the host works on its storage. */
const STORAGE: ReadonlySet<OperationName> = new Set<OperationName>([
  "UnmountVmfsVolume",
  "MountVmfsVolume",
  "ResolveMultipleUnresolvedVmfsVolumes",
  "QueryUnresolvedVmfsVolumes",
  "DetachScsiLun",
  "AttachScsiLun",
  "DeleteScsiLunState",
  "RescanAllHba",
  "RescanVmfs",
]);

/** Those whose replies grow with the inventory. */
const LARGE: ReadonlySet<OperationName> = new Set<OperationName>([
  "RetrievePropertiesEx",
  "ContinueRetrievePropertiesEx",
]);

export interface Call {
  readonly operation: OperationName;
  /** In schema order, `_this` first. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Completes "vCenter refused to …". No secrets. */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
  /** A fault that came inside an answer and is to be treated as one that came in its place. */
  readonly faultIn?: (returnval: unknown) => Fault | undefined;
  /** Of a change: whether it is still to be made. Asked before it is sent a second time, in a new session. */
  readonly due?: () => Promise<boolean>;
}

/** One SOAP call after another over one `VimHttp`: writes the envelope, reads the reply, translates what went wrong. */
export class Soap {
  readonly #http: VimHttp;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(http: VimHttp, address: string, clock: Clock, log: Logger) {
    this.#http = http;
    this.#address = address;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * The reply's `returnval`, undefined where there is none. Throws `VimFault` for a fault, otherwise `PrepError`:
   * `UNREACHABLE`, `TIMED_OUT`, `CERTIFICATE_UNTRUSTED`, `REMOTE_FAULT`, `REMOTE_GARBAGE`, and for a change whose reply
   * was lost or unreadable `OUTCOME_UNKNOWN`.
   */
  async call(call: Call): Promise<unknown> {
    const begun = this.#clock.now().getTime();
    const reply = await this.#send(call);
    const ms = this.#clock.now().getTime() - begun;
    this.#log.debug({ operation: call.operation, status: reply.status, ms }, "vim25 call");
    const body = await bodyOf(reply);
    const fault = faultInBody(body);
    if (fault !== undefined) throw new VimFault(fault, call.doing, call.operation);
    const response = body === undefined ? undefined : at(body, `${call.operation}Response`);
    if (reply.status !== 200 || response === undefined) throw this.#unusable(call, reply);
    const returnval = at(response, "returnval") ?? undefined;
    const inside = call.faultIn?.(returnval);
    if (inside !== undefined) throw new VimFault(inside, call.doing);
    return returnval;
  }

  async #send({ operation, args, doing, signal }: Call): Promise<Reply> {
    const wsdl = await loadWsdl();
    const message: unknown = wsdl.objectToDocumentXML(operation, args, "vim25", VIM_NAMESPACE, operation);
    const lane: Lane = operation === "WaitForUpdatesEx" ? "wait" : STORAGE.has(operation) ? "storage" : "call";
    try {
      return await this.#http.post({ xml: envelope(String(message)), lane, stream: LARGE.has(operation), signal });
    } catch (thrown) {
      const error = translateNetworkError(thrown, {
        system: "vCenter",
        address: this.#address,
        section: "vcenter",
      });
      if (!CHANGES.has(operation) || wasNeverSent(thrown)) throw error;
      throw outcomeUnknown(doing, { operation, reason: error.code }, thrown);
    }
  }

  /** For a reply that holds neither a result nor a fault. */
  #unusable({ operation, doing }: Call, { status }: Reply): PrepError {
    const found = { address: this.#address, operation, status };
    // 503 says that the request was not handled; anything else may have come after the change.
    if (CHANGES.has(operation) && status !== 503) return outcomeUnknown(doing, { operation, status }, undefined);
    if (status === 502 || status === 503 || status === 504) {
      return new PrepError(
        "UNREACHABLE",
        `vCenter at ${this.#address} answered HTTP ${status} when asked to ${doing}.`,
        {
          found,
          hint: "vCenter's services are starting, stopped or overloaded; ask again in a while.",
        },
      );
    }
    if (status === 200) return garbage(doing, found);
    return new PrepError(
      "REMOTE_FAULT",
      `vCenter at ${this.#address} answered HTTP ${status} when asked to ${doing}.`,
      {
        found,
        hint: "Check that vcenter.address is a vCenter and that no proxy answers in its place; its vpxd.log tells more.",
      },
    );
  }
}

/** Content of the envelope's body; undefined when the reply is no such thing. */
async function bodyOf({ body, tree }: Reply): Promise<unknown> {
  if (tree !== undefined) return at(tree, "Envelope", "Body");
  if (body === undefined || body === "") return undefined;
  const wsdl = await loadWsdl();
  try {
    const parsed: unknown = wsdl.xmlToObject(body);
    return at(parsed, "Body");
  } catch (thrown) {
    // How node-soap hands over a fault; for text that is no SOAP there is nothing under `root`.
    return at(thrown, "root", "Envelope", "Body");
  }
}

const envelope = (message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${message}</soapenv:Body></soapenv:Envelope>`;
