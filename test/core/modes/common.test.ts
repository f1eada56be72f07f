import { expect, test } from "vitest";
import { ageOf } from "../../../src/core/modes/common.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

test.each([
  [0, "less than a minute"],
  [MINUTE - SECOND, "less than a minute"],
  [MINUTE, "1 minute"],
  [2 * MINUTE, "2 minutes"],
  [HOUR - SECOND, "59 minutes"],
  [HOUR, "1 hour"],
  [DAY - SECOND, "23 hours"],
  [DAY, "1 day"],
  [8 * DAY, "8 days"],
])("what was made %s ms ago is %s old", (age, told) => {
  const now = new Date("2026-11-28T12:00:00.000Z");
  expect(ageOf(new Date(now.getTime() - age).toISOString(), now)).toBe(told);
});
