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
    // For the many processes that tests start: without it each strips the types of the same sources, and compiles them.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules", ".cache", "node") },
  },
});
