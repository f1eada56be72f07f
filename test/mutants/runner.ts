import { type RunnerTask, type RunnerTestCase, type RunnerTestFile, TestRunner } from "vitest";

/** Tells of its tests, and ends with the first that fails. */
export default class MutantsRunner extends TestRunner {
  onCollected(): void {
    mutantSwitch.onCollected();
  }

  override async onBeforeRunTask(test: RunnerTask): Promise<void> {
    await super.onBeforeRunTask(test);
    if (test.mode === "run" || test.mode === "queued") mutantSwitch.onBegin();
  }

  override onAfterRunTask(test: RunnerTestCase): void {
    super.onAfterRunTask(test);
    mutantSwitch.onEnd(test);
    if (test.result?.state === "fail") this.cancel("test-failure");
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    super.onAfterRunFiles(files);
    for (const file of files) mutantSwitch.onFile(file);
  }
}
