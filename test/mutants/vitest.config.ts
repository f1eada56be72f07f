/** For the processes that run.ts starts: the sources with all their mutants in them, and a worker that switches these. */
import { join, relative } from "node:path";
import { defineConfig } from "vitest/config";
import { ForksPoolWorker, type PoolOptions } from "vitest/node";
import { jobFromEnvironment } from "./job.ts";
import { mutate } from "./mutate.ts";
import { mutatedFiles, SRC, TESTS, TESTS_LEFT_OUT } from "./rooms.ts";

const { isCoverage, longest } = jobFromEnvironment();
const timeout = isCoverage ? 60_000 : 4_000 * longest;
const files = new Set(mutatedFiles());

class MutantsWorker extends ForksPoolWorker {
  override readonly name = "mutants";
  protected override readonly entrypoint = join(import.meta.dirname, "worker.ts");

  constructor(options: PoolOptions) {
    super(options);
    this.execArgv = [...options.execArgv, "--max-old-space-size=3072"];
  }
}

export default defineConfig({
  plugins: [
    {
      name: "mutants",
      enforce: "pre",
      transform: (code, id) => {
        const file = relative(SRC, id);
        return files.has(file) ? { code: mutate(file, code).code, map: null } : undefined;
      },
    },
  ],
  test: {
    root: join(import.meta.dirname, "../.."),
    include: TESTS,
    exclude: TESTS_LEFT_OUT,
    pool: { name: "mutants", createPoolWorker: (options) => new MutantsWorker(options) },
    // One process with each module in it once: a mutant is a matter of a switch.
    isolate: false,
    maxWorkers: 1,
    runner: join(import.meta.dirname, "runner.ts"),
    testTimeout: timeout,
    hookTimeout: timeout,
    reporters: [{ onInit: () => undefined }],
  },
});
