import { PrepError } from "../core/domain/errors.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import { translateNetworkError, wasNeverSent } from "../net/errors.ts";
import { type Fault, faultInBody } from "./fault.ts";
import { garbage, outcomeUnknown, refusal } from "./faults.ts";
import { type HttpReply, LateReply, type VimHttp } from "./http.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { ReplyBudget, ReplyTooLarge } from "./reply-budget.ts";
import { at } from "./values.ts";
import { envelope, type XmlNode } from "./xml-writer.ts";

export interface SoapCall {
  readonly operation: OperationName;
  /** In schema order, `_this` first. */
  readonly args: XmlNode;
  /** Completes "vCenter refused to …". No secrets. */
  readonly action: string;
  readonly signal?: AbortSignal | undefined;
  /** How large the reply may be; shared by calls that bring one answer in parts. Default: small. */
  readonly budget?: ReplyBudget;
  /** A fault that came inside an answer and is to be treated as one that came in its place. */
  readonly faultIn?: (returnval: unknown) => Fault | undefined;
  /** Of a change: whether it is still to be made. Asked before it is sent a second time, in a new session. */
  readonly stillNeeded?: () => Promise<boolean>;
}

/** The SOAP client: writes the envelope, sends it over one `VimHttp`, reads the reply, translates what went wrong. */
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
  async call(call: SoapCall): Promise<unknown> {
    const begun = this.#clock.elapsed();
    const reply = await this.#send(call);
    const ms = Math.round(this.#clock.elapsed() - begun);
    this.#log.debug({ operation: call.operation, status: reply.status, ms }, "vim25 call");
    const body = at(reply.tree, "Envelope", "Body");
    const fault = faultInBody(body);
    if (fault !== undefined) throw refusal(fault, call.action, call.operation);
    const response = at(body, `${call.operation}Response`);
    if (reply.status !== 200 || response === undefined) throw this.#unusable(call, reply);
    const returnval = at(response, "returnval") ?? undefined;
    const inside = call.faultIn?.(returnval);
    if (inside !== undefined) throw refusal(inside, call.action, call.operation);
    return returnval;
  }

  async #send(call: SoapCall): Promise<HttpReply> {
    const { operation, args, action, budget = ReplyBudget.small(), signal } = call;
    const { timeout, changes } = OPERATIONS[operation];
    try {
      return await this.#http.post({ xml: envelope(operation, args), timeoutClass: timeout, budget, signal });
    } catch (thrown) {
      const error = this.#unanswered(call, thrown);
      if (!changes || wasNeverSent(thrown)) throw error;
      const late = thrown instanceof LateReply ? { limit: thrown.limit } : {};
      throw outcomeUnknown(action, { operation, reason: error.code, ...late }, thrown);
    }
  }

  #unanswered({ operation, action }: SoapCall, thrown: unknown): PrepError {
    if (thrown instanceof ReplyTooLarge) return garbage(action, { operation, reason: thrown.message });
    if (!(thrown instanceof LateReply)) {
      return translateNetworkError(thrown, { system: "vCenter", address: this.#address, section: "vcenter" });
    }
    const { limit, ms } = thrown;
    const seconds = Math.round(ms / 100) / 10;
    return new PrepError(
      "TIMED_OUT",
      `vCenter at ${this.#address} took longer than ${seconds} s to ${action} (${operation}).`,
      {
        found: { address: this.#address, operation, limit },
        hint: `Check that vCenter is up and not overloaded, or raise ${limit} in the configuration, then ask again.`,
        cause: thrown,
      },
    );
  }

  /** For a reply that holds neither a result nor a fault. */
  #unusable({ operation, action }: SoapCall, { status }: HttpReply): PrepError {
    const found = { address: this.#address, operation, status };
    // 503 says that the request was not handled; anything else may have come after the change.
    if (OPERATIONS[operation].changes && status !== 503)
      return outcomeUnknown(action, { operation, status }, undefined);
    if (status === 502 || status === 503 || status === 504) {
      return new PrepError(
        "UNREACHABLE",
        `vCenter at ${this.#address} answered HTTP ${status} when asked to ${action}.`,
        {
          found,
          hint: "vCenter's services are starting, stopped or overloaded; ask again in a while.",
        },
      );
    }
    if (status === 200) return garbage(action, found);
    return new PrepError(
      "REMOTE_FAULT",
      `vCenter at ${this.#address} answered HTTP ${status} when asked to ${action}.`,
      {
        found,
        hint: "Check that vcenter.address is a vCenter and that no proxy answers in its place; its vpxd.log says more.",
      },
    );
  }
}
