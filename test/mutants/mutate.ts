/** The mutants of one source: small changes that a test should notice. Texts (strings, templates, regular expressions) are not changed. */
import { createHash } from "node:crypto";
import {
  type CallExpression,
  type Expression,
  type FunctionBody,
  parseSync,
  type Statement,
  Visitor,
} from "oxc-parser";

export interface Mutant {
  /** Unique, and the same as long as the source above it in its file is. */
  readonly id: string;
  /** Below src. */
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  /** What stands there, and what stands there instead; shortened. */
  readonly was: string;
  readonly becomes: string;
}

/** Where a switch between what is there and its mutants can be put: an expression, whole statements, or what is within braces. */
interface Site {
  readonly start: number;
  readonly end: number;
  readonly isExpression: boolean;
  readonly mutants: { readonly id: string; readonly text: string }[];
  readonly inner: Site[];
}

export interface Mutated {
  readonly mutants: readonly Mutant[];
  /** The source with all its mutants in it: which of them acts is asked of `globalThis.isMutant` where it would. */
  readonly code: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const COMPARISONS: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
};
const ARITHMETIC: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*" };
const ASSIGNMENTS: Readonly<Record<string, string>> = { "+=": "-=", "-=": "+=", "??=": "=" };
const OTHER_METHODS: Readonly<Record<string, string>> = {
  some: "every",
  every: "some",
  startsWith: "endsWith",
  endsWith: "startsWith",
  min: "max",
  max: "min",
};
/** Methods that give their object back in another order or with less in it. */
const SELECTIONS = new Set(["filter", "toSorted", "toReversed", "slice", "trim"]);
/** Bodies of arrow functions that have mutants of their own. */
const CHANGED = new Set([
  "BinaryExpression",
  "LogicalExpression",
  "ConditionalExpression",
  "UnaryExpression",
  "Literal",
  "TemplateLiteral",
]);

const isText = (one: { readonly type: string; readonly value?: unknown }): boolean =>
  one.type === "TemplateLiteral" || (one.type === "Literal" && typeof one.value === "string");

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 90 ? `${line.slice(0, 60)} … ${line.slice(-25)}` : line;
};

class Mutation {
  readonly #file: string;
  readonly #source: string;
  readonly #sites = new Map<string, Site>();
  readonly #lines: number[] = [0];
  readonly #counts = new Map<string, number>();
  readonly mutants: Mutant[] = [];
  /** The optional chains around what is visited: a switch within one would cut it in two. */
  readonly chains: Span[] = [];
  /** Types have literals too. */
  typeDepth = 0;

  constructor(file: string, source: string) {
    this.#file = file;
    this.#source = source;
    for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) this.#lines.push(at + 1);
  }

  text({ start, end }: Span): string {
    return this.#source.slice(start, end);
  }

  expression(kind: string, span: Span, becomes: string): void {
    const chain = this.chains.at(-1);
    const isWithin = chain !== undefined && chain.start === span.start;
    const site = isWithin ? chain : span;
    const text = this.#source.slice(site.start, span.start) + becomes + this.#source.slice(span.end, site.end);
    this.#add(kind, site, true, span, becomes, text);
  }

  /** Leaves out whole statements. */
  removal(kind: string, span: Span): void {
    this.#add(kind, span, false, span, "", "");
  }

  #add(kind: string, site: Span, isExpression: boolean, span: Span, becomes: string, text: string): void {
    if (this.typeDepth > 0) return;
    const line = this.#lines.findLastIndex((start) => start <= span.start) + 1;
    // Without the line's number: what is added above changes no id.
    const name = `${this.#file} ${kind} ${this.text(span)} ${becomes}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const id = hashOf(`${name} ${count}`);
    this.mutants.push({
      id,
      file: this.#file,
      line,
      kind,
      was: short(this.text(span)),
      becomes: short(becomes),
    });
    const key = `${site.start} ${site.end}`;
    const known = this.#sites.get(key) ?? { start: site.start, end: site.end, isExpression, mutants: [], inner: [] };
    known.mutants.push({ id, text });
    this.#sites.set(key, known);
  }

  code(): string {
    const top: Site = { start: 0, end: this.#source.length, isExpression: false, mutants: [], inner: [] };
    const open = [top];
    for (const site of [...this.#sites.values()].toSorted((a, b) => a.start - b.start || b.end - a.end)) {
      while ((open.at(-1)?.end ?? 0) <= site.start) open.pop();
      open.at(-1)?.inner.push(site);
      open.push(site);
    }
    return this.#within(top);
  }

  #within(site: Site): string {
    let at = site.start;
    let code = "";
    for (const inner of site.inner) {
      code += this.#source.slice(at, inner.start) + this.#switched(inner);
      at = inner.end;
    }
    return code + this.#source.slice(at, site.end);
  }

  #switched(site: Site): string {
    const original = this.#within(site);
    return site.isExpression
      ? `(${site.mutants.map(({ id, text }) => `isMutant("${id}") ? (${text}) : `).join("")}(${original}))`
      : `${site.mutants.map(({ id, text }) => `if (isMutant("${id}")) { ${text} } else `).join("")}{ ${original} }`;
  }
}

function hashOf(text: string): string {
  return createHash("sha1").update(text).digest("hex").slice(0, 10);
}

/** Each mutant is one that no other implies: where leaving `b` out of `a && b` is noticed, so is an `||` in its place. */
export function mutate(file: string, source: string): Mutated {
  const { program, errors } = parseSync(file, source, { lang: "ts", preserveParens: false });
  if (errors.length > 0) throw new Error(`${file} cannot be read: ${errors[0]?.message}`);
  const mutation = new Mutation(file, source);
  /** What is tested for truth, and statements that a condition's mutant leaves out: they have their mutants there. */
  const done = new Set<Span>();

  let templateDepth = 0;

  const condition = (test: Expression, isLoop: boolean): void => {
    const isEither = test.type === "LogicalExpression" && test.operator === "||";
    const isBoth = test.type === "LogicalExpression" && test.operator === "&&";
    if (!isBoth && !isLoop) mutation.expression("condition", test, "true");
    if (!isEither) mutation.expression("condition", test, "false");
    done.add(test);
  };
  const statement = (one: Statement): void => {
    if (!done.has(one)) mutation.removal("statement", one);
  };
  const soleOf = (one: Statement): Statement | undefined =>
    one.type !== "BlockStatement" ? one : one.body.length === 1 ? one.body[0] : undefined;
  const emptied = (kind: string, { body }: Pick<FunctionBody, "body">): void => {
    const [first] = body;
    const last = body.at(-1);
    if (first === undefined || last === undefined) return;
    if (first !== last) mutation.removal(kind, { start: first.start, end: last.end });
    else if (first.type === "ReturnStatement") mutation.removal(kind, first);
  };
  const loop = (body: Statement): void => {
    if (body.type === "BlockStatement") emptied("loop", body);
  };
  const replaced = (kind: string, whole: Span, part: Span, text: string): void =>
    mutation.expression(
      kind,
      whole,
      mutation.text({ start: whole.start, end: part.start }) +
        text +
        mutation.text({ start: part.end, end: whole.end }),
    );
  const operator = (kind: string, whole: Span, [left, right]: readonly [Span, Span], was: string, is: string): void => {
    const between = { start: left.end, end: right.start };
    replaced(kind, whole, between, mutation.text(between).replace(was, is));
  };
  const unchained = (whole: Span & { readonly optional: boolean }, object: Span): void => {
    if (!whole.optional) return;
    const rest = mutation.text({ start: object.end, end: whole.end });
    const isName = /^[)\s]*\?\.[\w#]/.test(rest);
    const before = mutation.text({ start: whole.start, end: object.end });
    mutation.expression("optional chain", whole, before + rest.replace("?.", isName ? "." : ""));
  };
  const method = (call: CallExpression): void => {
    const { callee } = call;
    if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") return;
    const { name } = callee.property;
    const other = OTHER_METHODS[name];
    if (other !== undefined) replaced("method", call, callee.property, other);
    if (SELECTIONS.has(name)) mutation.expression("method", call, mutation.text(callee.object));
  };

  const types = {
    enter: (): void => {
      mutation.typeDepth += 1;
    },
    leave: (): void => {
      mutation.typeDepth -= 1;
    },
  };
  new Visitor({
    TSLiteralType: types.enter,
    "TSLiteralType:exit": types.leave,
    ChainExpression: (chain) => void mutation.chains.push(chain),
    "ChainExpression:exit": () => void mutation.chains.pop(),

    IfStatement: ({ test, consequent, alternate }) => {
      condition(test, false);
      const sole = soleOf(consequent);
      const soleElse = alternate === null ? undefined : soleOf(alternate);
      if (sole !== undefined && alternate === null) done.add(sole);
      if (soleElse !== undefined) done.add(soleElse);
    },
    ConditionalExpression: ({ test, consequent, alternate }) => {
      // Words within a sentence are text.
      if (templateDepth > 0 && isText(consequent) && isText(alternate)) done.add(test);
      else condition(test, false);
    },
    TemplateLiteral: () => {
      templateDepth += 1;
    },
    "TemplateLiteral:exit": () => {
      templateDepth -= 1;
    },
    WhileStatement: ({ test, body }) => {
      condition(test, true);
      loop(body);
    },
    DoWhileStatement: ({ test }) => condition(test, true),
    ForStatement: ({ test, body }) => {
      if (test !== null) condition(test, true);
      loop(body);
    },
    ForOfStatement: ({ body }) => loop(body),

    LogicalExpression: (both) => {
      const { left, right } = both;
      mutation.expression(both.operator, both, mutation.text(left));
      mutation.expression(both.operator, both, mutation.text(right));
      if (both.operator !== "??") done.add(left).add(right);
    },
    BinaryExpression: (both) => {
      const { left, right } = both;
      const other = COMPARISONS[both.operator];
      const isBoundary = both.operator.startsWith("<") || both.operator.startsWith(">");
      if (other !== undefined && (isBoundary || !done.has(both)))
        operator("comparison", both, [left, right], both.operator, other);
      const sum = ARITHMETIC[both.operator];
      if (sum !== undefined && !isText(left) && !isText(right))
        operator("arithmetic", both, [left, right], both.operator, sum);
    },
    UnaryExpression: (one) => {
      if (one.operator === "!" && !done.has(one)) mutation.expression("!", one, mutation.text(one.argument));
      if (one.operator === "-") mutation.expression("-", one, mutation.text(one.argument));
    },
    UpdateExpression: (one) => {
      const other = one.operator === "++" ? "--" : "++";
      mutation.expression("arithmetic", one, mutation.text(one).replace(one.operator, other));
    },
    AssignmentExpression: (one) => {
      const other = ASSIGNMENTS[one.operator];
      if (other !== undefined && !isText(one.right))
        operator("assignment", one, [one.left, one.right], one.operator, other);
    },
    Literal: (one) => {
      if (typeof one.value === "boolean") mutation.expression("boolean", one, String(!one.value));
    },
    ArrayExpression: (one) => {
      if (one.elements.length > 0) mutation.expression("array", one, "[]");
    },
    MemberExpression: (one) => unchained(one, one.object),
    CallExpression: (one) => {
      unchained(one, one.callee);
      method(one);
    },

    FunctionDeclaration: ({ body }) => body && emptied("function", body),
    FunctionExpression: ({ body }) => body && emptied("function", body),
    ArrowFunctionExpression: ({ body }) => {
      if (body.type === "BlockStatement") emptied("function", body);
      else if (!CHANGED.has(body.type)) mutation.expression("function", body, "undefined");
    },
    TryStatement: ({ finalizer }) => finalizer && emptied("finally", finalizer),
    CatchClause: ({ body }) => emptied("catch", body),
    SwitchCase: ({ consequent }) => {
      const [first] = consequent;
      const last = consequent.at(-1);
      if (first === undefined || last === undefined) return;
      if (first === last) done.add(first);
      mutation.removal("case", { start: first.start, end: last.end });
    },
    ExpressionStatement: statement,
    ThrowStatement: statement,
    ContinueStatement: statement,
  }).visit(program);
  const code = mutation.code();
  const [wrong] = parseSync(file, code, { lang: "ts" }).errors;
  if (wrong !== undefined) throw new Error(`${file} with its mutants cannot be read: ${wrong.codeframe}`);
  return { mutants: mutation.mutants, code };
}
