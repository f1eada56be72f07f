/**
 * One reading for all who ask at about the same time: each change of a run wakes everybody who follows it here. Nobody gets
 * a reading that was begun before they asked.
 */
export function sharedReading<T>(read: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    current = read().finally(() => {
      if (next === undefined) current = undefined;
    });
    return current;
  };
  return () => {
    if (current === undefined) return begin();
    next ??= current.then(begin, begin);
    return next;
  };
}
