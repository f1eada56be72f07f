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
    // A core more than by default, which the main process hardly needs: on two cores 445 s instead of 739 s.
    maxWorkers: "100%",
    // For the many processes that tests start: without it each strips the types of the same sources, and compiles them.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules", ".cache", "node") },
  },
});
