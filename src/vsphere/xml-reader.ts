import { SaxesParser } from "saxes";

/**
 * An XML element: text alone is a string; else an object of its children (a repeated one is an array), with `attributes`
 * and, beside those, its text as `$value`. An empty element is null. Prefixes are dropped from names. Text is kept as it
 * came, blanks at either end included, except between the children of an element.
 */
export type Tree = string | null | { [name: string]: Tree | Tree[] };

interface Open {
  readonly name: string;
  node: Record<string, Tree | Tree[]> | undefined;
  text: string;
  hasChildren: boolean;
}

/** Builds the tree of a document that comes in pieces. */
export class TreeBuilder {
  readonly #root: Open = opened("");
  readonly #stack: Open[] = [this.#root];
  readonly #parser = new SaxesParser({ xmlns: false, position: false });
  #malformed = false;
  #elements = 0;

  constructor() {
    this.#parser.on("opentag", ({ name, attributes }) => {
      this.#elements += 1;
      const open = opened(local(name));
      let kept: Record<string, string> | undefined;
      for (const key in attributes) {
        if (key.startsWith("xmlns")) continue;
        kept ??= {};
        kept[key] = attributes[key] ?? "";
      }
      if (kept !== undefined) {
        open.node = emptyNode();
        open.node["attributes"] = kept;
      }
      this.#stack.push(open);
    });
    this.#parser.on("text", (text) => this.#append(text));
    this.#parser.on("cdata", (text) => this.#append(text));
    this.#parser.on("closetag", () => this.#close());
    this.#parser.on("error", (error) => {
      this.#malformed = true;
      throw error;
    });
  }

  /** Whether an error came from the document itself, rather than from where its pieces come from. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /** How many elements have begun. */
  get elements(): number {
    return this.#elements;
  }

  /** Throws on text that is not well-formed XML. */
  write(piece: string): void {
    this.#parser.write(piece);
  }

  /** The document's root element under its name; throws when the document is cut short. */
  end(): Tree {
    this.#parser.close();
    return finish(this.#root);
  }

  #append(text: string): void {
    const top = this.#stack.at(-1);
    if (top !== undefined) top.text += text;
  }

  #close(): void {
    const done = this.#stack.pop();
    const parent = this.#stack.at(-1);
    if (done === undefined || parent === undefined) return;
    parent.node ??= emptyNode();
    parent.hasChildren = true;
    const before = parent.node[done.name];
    const value = finish(done);
    if (before === undefined) parent.node[done.name] = value;
    else if (Array.isArray(before)) before.push(value);
    else parent.node[done.name] = [before, value];
  }
}

const opened = (name: string): Open => ({ name, node: undefined, text: "", hasChildren: false });

// Without a prototype, an element named `__proto__` or `constructor` is an element like any other.
const emptyNode = (): Record<string, Tree | Tree[]> => Object.create(null);

const local = (name: string): string => name.slice(name.indexOf(":") + 1);

function finish({ node, text, hasChildren }: Open): Tree {
  const value = hasChildren ? text.trim() : text;
  if (node === undefined) return value === "" ? null : value;
  if (value !== "") node["$value"] = value;
  return node;
}
