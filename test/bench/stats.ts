/** The little statistics that the benches need. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError("the median of nothing");
  return (low + high) / 2;
}

/** The least value that so many percent of them do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(Math.ceil((percent / 100) * values.length) - 1, 0)];
  if (value === undefined) throw new RangeError("a percentile of nothing");
  return value;
}

/** b of y = a·xᵇ, fitted by least squares over the logarithms. */
export function exponent(points: readonly { readonly x: number; readonly y: number }[]): number {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(logs.map((p) => p.x)), mean(logs.map((p) => p.y))];
  const covariance = mean(logs.map((p) => (p.x - mx) * (p.y - my)));
  return covariance / mean(logs.map((p) => (p.x - mx) ** 2));
}

/** Takes turns, so that a busy moment of the machine hits all of them; the results of each in its own list. */
export async function interleaved<K extends string, T>(
  rounds: number,
  runs: Readonly<Record<K, () => Promise<T>>>,
): Promise<Record<K, T[]>> {
  const results = Object.fromEntries(Object.keys(runs).map((name) => [name, []])) as unknown as Record<K, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name in runs) results[name].push(await runs[name]());
  }
  return results;
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
export const seconds = (value: number): string => `${(value / 1000).toFixed(2)} s`;
export const mib = (value: number): string => `${value.toFixed(0)} MiB`;
export const times = (value: number): string => `${value.toFixed(2)} ×`;
