import { defineConfig } from "vitest/config";

/** The console in a real Chromium: apart from the other tests, since it wants one installed. */
export default defineConfig({
  test: { include: ["test/browser/**/*.test.ts"], testTimeout: 90_000, hookTimeout: 60_000 },
});
