import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**"],
    // They end what hangs, and say nothing of speed: a machine may be busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
    // Many tests wait, for processes and for limits to pass: on two cores, four files at once take half the time of one.
    maxWorkers: Math.max(4, availableParallelism()),
    // For the many processes that tests start: without it each strips the types of the same sources, and compiles them.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules", ".cache", "node") },
  },
});
