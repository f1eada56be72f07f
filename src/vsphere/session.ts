import { PrepError } from "../core/domain/errors.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import { registerSecret } from "../logging/redact.ts";
import { garbage, isFault } from "./faults.ts";
import { OLDEST_VERSION, type VimHttp } from "./http.ts";
import { Soap, type SoapCall } from "./soap.ts";
import { type Reference, reference, refTo, text } from "./values.ts";

export interface Credentials {
  readonly username: string;
  /** Asked for at each sign-in and not kept. */
  readonly password: () => Promise<string> | string;
}

/** What `ServiceContent` names, as far as it is used here. */
export interface Services {
  readonly rootFolder: Reference;
  readonly propertyCollector: Reference;
  readonly sessionManager: Reference;
  readonly viewManager: Reference | undefined;
  readonly searchIndex: Reference | undefined;
  readonly authorizationManager: Reference | undefined;
  readonly about: About;
  /** The version of vim25 that is spoken. */
  readonly spoken: string;
  /** As vCenter knows this session and its account. */
  readonly session: { readonly key: string; readonly userName: string };
}

export interface About {
  /** Such as `VMware vCenter Server 8.0.3 build-24022515`. */
  readonly fullName: string;
  /** `VirtualCenter`, or `HostAgent` where a single host answers. */
  readonly apiType: string;
  readonly apiVersion: string;
}

/** For signing out. */
const CLOSE_WITHIN_MS = 2_000;

/** In place of an answer: the change was not sent again, since what it was to bring about is so. */
export const ALREADY_DONE = Symbol("already so");

/** A session at one vCenter, begun by the first call and renewed when vCenter has ended it. */
export class Session {
  readonly #http: VimHttp;
  readonly #soap: Soap;
  readonly #credentials: Credentials;
  readonly #log: Logger;
  #open: Promise<Services> | undefined;
  #closed = false;
  #epoch = 0;
  /** Ends the redaction of the session's key, which signs in whoever has it. */
  #hidden: (() => void) | undefined;

  constructor(options: { http: VimHttp; address: string; credentials: Credentials; clock: Clock; log: Logger }) {
    this.#http = options.http;
    this.#soap = new Soap(options.http, options.address, options.clock, options.log);
    this.#credentials = options.credentials;
    this.#log = options.log;
  }

  /** Rises with every sign-in: what the server kept for an earlier one, such as the rest of a paged read, is gone. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Signs in when nobody has yet. */
  services(): Promise<Services> {
    this.#open ??= this.#begin(this.#soap);
    return this.#open;
  }

  /**
   * As `Soap.call`. `NotAuthenticated` means that the call was not carried out, so it is sent once more in a new session;
   * a change only where `stillNeeded` finds that it is still to be made, else the answer is `ALREADY_DONE`.
   */
  async call(call: SoapCall): Promise<unknown> {
    const open = this.services();
    await open;
    try {
      return await this.#soap.call(call);
    } catch (thrown) {
      if (!isFault(thrown, "NotAuthenticated") || this.#closed) throw thrown;
    }
    // Of several calls that were refused together, the first renews the session for all.
    if (this.#open === open) {
      this.#log.info({ operation: call.operation }, "vCenter ended the session; signing in again");
      this.#open = undefined;
    }
    await this.services();
    if (call.stillNeeded !== undefined && !(await call.stillNeeded())) return ALREADY_DONE;
    return this.#soap.call(call);
  }

  /** Signs out, if anyone signed in. Never throws, and never takes long: a session that is left behind ends by itself. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const signal = AbortSignal.timeout(CLOSE_WITHIN_MS);
    const late = new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    try {
      const services = await Promise.race([this.#open, late]);
      if (services !== undefined) {
        await this.#soap.call({ ...logout(services), signal });
        // Of no use to anybody any more. One that may still be open stays secret.
        this.#http.forgetSession();
        this.#hidden?.();
      }
    } catch (thrown) {
      const code = thrown instanceof PrepError ? thrown.code : "INTERNAL";
      this.#log.debug({ code }, "vCenter session was not signed out");
    }
    await this.#http.close();
  }

  #begin(soap: Soap): Promise<Services> {
    const begun = this.#signIn(soap);
    begun.catch((thrown: unknown) => {
      // A refused password stays refused: trying it again with every call would lock the account.
      const refused = thrown instanceof PrepError && thrown.code === "AUTHENTICATION_FAILED";
      if (!refused && this.#open === begun) this.#open = undefined;
    });
    return begun;
  }

  async #signIn(soap: Soap): Promise<Services> {
    this.#http.forgetSession();
    // Without the list of versions the oldest one is spoken, so its absence is not worth an error.
    const negotiated = this.#http.negotiate().catch(() => undefined);
    const content = await soap.call({
      operation: "RetrieveServiceContent",
      args: { _this: refTo("ServiceInstance", "ServiceInstance") },
      action: "report its services",
    });
    const services = servicesIn(content);
    const version = await negotiated;
    const login = await soap.call({
      operation: "Login",
      args: {
        _this: refTo("SessionManager", services.sessionManager.id),
        userName: this.#credentials.username,
        password: await this.#credentials.password(),
      },
      action: "sign in",
    });
    this.#epoch += 1;
    this.#log.debug({ version }, "signed in at vCenter");
    const key = text(login, "key") ?? "";
    this.#hidden?.();
    this.#hidden = registerSecret(key);
    const session = { key, userName: text(login, "userName") ?? "" };
    return { ...services, spoken: version ?? OLDEST_VERSION, session };
  }
}

const logout = ({ sessionManager }: Pick<Services, "sessionManager">): SoapCall => ({
  operation: "Logout",
  args: { _this: refTo(sessionManager.type, sessionManager.id) },
  action: "sign out",
});

function servicesIn(content: unknown): Omit<Services, "spoken" | "session"> {
  const rootFolder = reference(content, "rootFolder");
  const propertyCollector = reference(content, "propertyCollector");
  const sessionManager = reference(content, "sessionManager");
  if (rootFolder === undefined || propertyCollector === undefined || sessionManager === undefined) {
    throw garbage("report its services", { missing: "rootFolder, propertyCollector or sessionManager" });
  }
  return {
    rootFolder,
    propertyCollector,
    sessionManager,
    viewManager: reference(content, "viewManager"),
    searchIndex: reference(content, "searchIndex"),
    authorizationManager: reference(content, "authorizationManager"),
    about: {
      fullName: text(content, "about", "fullName") ?? text(content, "about", "name") ?? "",
      apiType: text(content, "about", "apiType") ?? "",
      apiVersion: text(content, "about", "apiVersion") ?? "",
    },
  };
}
