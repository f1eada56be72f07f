/** How ONTAP refuses: a string code, words, sometimes the member that is to blame. The HTTP status says little, as on the real one. */
export class OntapRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly target: string | undefined;
  constructor(status: number, code: string, message: string, target?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.target = target;
  }

  /** As the interface has it in an answer's body. */
  get body(): { error: { message: string; code: string; target?: string } } {
    const { message, code, target } = this;
    return { error: { message, code, ...(target === undefined ? {} : { target }) } };
  }
}

export const unexpectedArgument = (name: string): OntapRefusal =>
  new OntapRefusal(400, "262179", `Unexpected argument "${name}".`, name);

export const invalidField = (name: string): OntapRefusal =>
  new OntapRefusal(400, "262197", `The value "${name}" is invalid for field "fields"`, "fields");

export const badValue = (message: string, target?: string): OntapRefusal => new OntapRefusal(400, "2", message, target);

export const noAccess = (): OntapRefusal => new OntapRefusal(403, "6", "not authorized for that command");

export const notSignedIn = (): OntapRefusal => new OntapRefusal(401, "6691623", "User is not authorized");
