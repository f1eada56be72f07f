/** A plan's steps as they depend on each other, drawn: what stands in one column goes side by side. */
import { html } from "hono/html";
import type { Html } from "./layout.ts";

interface Step {
  readonly id: string;
  readonly irreversible: boolean;
  readonly after: readonly string[];
}

const COLUMN = 52;
const ROW = 34;
const RADIUS = 12;

/** For each step, the numbers of those right before it: what follows from others is left out. */
export function directlyAfter(steps: readonly Step[]): number[][] {
  const numbers = new Map(steps.map(({ id }, index) => [id, index]));
  const all: Set<number>[] = [];
  return steps.map(({ after }) => {
    const before = after.flatMap((id) => numbers.get(id) ?? []);
    const earlier = new Set(before.flatMap((at) => [...(all[at] ?? [])]));
    all.push(new Set([...before, ...earlier]));
    return before.filter((at) => !earlier.has(at)).toSorted((a, b) => a - b);
  });
}

/** The picture. The list beside it says the same in words. */
export function stepGraph(steps: readonly Step[]): Html {
  const before = directlyAfter(steps);
  const columns: number[] = [];
  for (const earlier of before) columns.push(1 + Math.max(-1, ...earlier.map((at) => columns[at] ?? 0)));
  const used = new Map<number, number>();
  const places = columns.map((column) => {
    const row = used.get(column) ?? 0;
    used.set(column, row + 1);
    return { x: 16 + column * COLUMN, y: 18 + row * ROW };
  });
  const width = 32 + Math.max(0, ...columns) * COLUMN;
  const height = 36 + (Math.max(1, ...used.values()) - 1) * ROW;
  const edges = before.flatMap((earlier, index) => {
    const to = places[index];
    return earlier.flatMap((at) => {
      const from = places[at];
      if (from === undefined || to === undefined) return [];
      const [start, end] = [from.x + RADIUS, to.x - RADIUS];
      const middle = end - (COLUMN - 2 * RADIUS) / 2;
      return html`<path class="edge" d="M${start} ${from.y}H${middle - 8}C${middle} ${from.y} ${middle - 8} ${to.y} ${middle} ${to.y}H${end}"/>`;
    });
  });
  const nodes = places.map(({ x, y }, index) => {
    const final = steps[index]?.irreversible ? " final" : "";
    return html`<circle class="shape${final}" cx="${x}" cy="${y}" r="${RADIUS}"/><text x="${x}" y="${y + 4}" text-anchor="middle">${index + 1}</text>`;
  });
  return html`<svg role="img" aria-label="Order of the ${steps.length} steps; the list below has it in words" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${edges}${nodes}</svg>`;
}
