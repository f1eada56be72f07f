import { setFlagsFromString } from "node:v8";

/**
 * For a server that stays: V8 collects whenever its heap has grown by half. Left to itself on a machine with memory to
 * spare, it lets garbage gather: docs/reliability.md, "Long runs", has the figures.
 */
export const collectEarly = (): void => setFlagsFromString("--heap-growing-percent=50");
