/** The house as its imports draw it: which file takes from which, which room from which. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Source {
  /** Relative to the project, such as `src/core/runs/executor.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** A file relative to the project, or the name of a package or of one of Node's modules. */
  readonly what: string;
  readonly typesOnly: boolean;
}

/** Import and export statements and `import()`s, relative ones as paths in the project. */
function importsOf(path: string, text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(type\s)?[^;"']*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms,
  );
  return [...statements].map(([, type, from, bare, lazy]) => {
    const what = from ?? bare ?? lazy ?? "";
    const resolved = what.startsWith(".") ? relative(root, join(root, dirname(path), what)) : what;
    return { what: resolved, typesOnly: type !== undefined };
  });
}

/** Every TypeScript file below `src/`. */
export function readSources(): Source[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .toSorted()
    .map((path) => {
      const own = `src/${path}`;
      const text = readFileSync(join(root, own), "utf8");
      return { path: own, text, imports: importsOf(own, text) };
    });
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** File → the files of `src/` that it imports, types too. */
export const fileGraph = (sources: readonly Source[]): Graph =>
  new Map(
    sources.map(({ path, imports }) => [
      path,
      new Set(imports.map(({ what }) => what).filter((what) => what.startsWith("src/"))),
    ]),
  );

/** The four folders that together are the MCP door: a server is made of tools, which are made of what servers share. */
const MCP_DOOR = new Set(["mcp", "tools", "resources", "prompts"]);

/** The room that a file is in: its folder below `src/`, or its own name where it stands by itself. */
export function roomOf(path: string): string {
  const [, folder = "", rest] = path.split("/");
  if (rest === undefined) return folder;
  return MCP_DOOR.has(folder) ? "mcp" : folder;
}

/** Room → the rooms that it takes from. */
export function roomGraph(sources: readonly Source[]): Graph {
  const rooms = new Map<string, Set<string>>();
  for (const [path, imported] of fileGraph(sources)) {
    const room = roomOf(path);
    const others = [...imported].map(roomOf).filter((other) => other !== room);
    rooms.set(room, (rooms.get(room) ?? new Set()).union(new Set(others)));
  }
  return rooms;
}

/** Whatever can be reached from `start` over one arrow or more. */
function reachable(graph: Graph, start: string): Set<string> {
  const seen = new Set<string>();
  const open = [...(graph.get(start) ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...(graph.get(node) ?? []));
  }
  return seen;
}

/** Groups of nodes that reach each other, each sorted; none where the graph has no circle. */
export function circlesOf(graph: Graph): string[][] {
  const reach = new Map([...graph.keys()].map((node) => [node, reachable(graph, node)]));
  const groups = new Map<string, string[]>();
  for (const [node, reached] of reach) {
    if (!reached.has(node)) continue;
    const group = [...reached].filter((other) => reach.get(other)?.has(node)).toSorted();
    groups.set(group.join(), group);
  }
  return [...groups.values()];
}

/** The arrows that are left when those are taken out that a longer way already says (the transitive reduction). */
function arrowsOf(graph: Graph): [string, string][] {
  const arrows: [string, string][] = [];
  for (const [room, others] of graph) {
    for (const other of others) {
      const around = [...others].some((between) => between !== other && reachable(graph, between).has(other));
      if (!around) arrows.push([room, other]);
    }
  }
  return arrows.toSorted(([a, b], [c, d]) => `${a} ${b}`.localeCompare(`${c} ${d}`));
}

/** The diagram of docs/architecture.md. Only for a graph without circles. */
export function houseDiagram(sources: readonly Source[]): string {
  const label = (room: string): string => {
    if (room === "mcp") return 'mcp["mcp, tools, resources, prompts"]';
    return room.endsWith(".ts") ? `${room.replace(".ts", "")}(["${room}"])` : room;
  };
  const id = (room: string): string => room.replace(".ts", "");
  const graph = roomGraph(sources);
  const rooms = [...graph.keys()].toSorted().map((room) => `  ${label(room)}`);
  const arrows = arrowsOf(graph).map(([from, to]) => `  ${id(from)} --> ${id(to)}`);
  return ["```mermaid", "graph TD", ...rooms, ...arrows, "```"].join("\n");
}
