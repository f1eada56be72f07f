import { describe, expect, it } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { naaOf } from "../../../src/core/domain/ids.ts";
import { endingOf } from "../../../src/core/runs/ending.ts";
import type { StepFailure } from "../../../src/core/runs/graph.ts";

const failed = (id: string, thrown: unknown): StepFailure => ({
  step: { id, kind: "detach", after: [], naa: naaOf("6".repeat(32)) },
  thrown,
});
const ended = (...failures: StepFailure[]) => endingOf(failures) ?? expect.fail("nothing failed");
const fault = (message: string): PrepError => new PrepError("REMOTE_FAULT", message, { hint: `Mend ${message}` });
const unknown = new PrepError("OUTCOME_UNKNOWN", "No answer.", { hint: "Look.", next: [{ kind: "see_runs" }] });

describe("a run of which steps failed", () => {
  it("is one of which any did", () => {
    expect(endingOf([])).toBeUndefined();
  });

  it("ends with the error of the only one as it is", () => {
    const error = fault("It is busy.");
    expect(ended(failed("s3", error))).toEqual({ state: "failed", error });
  });

  it("ends as the first, in words that name every one", () => {
    const { state, error } = ended(failed("s3", fault("It is busy.")), failed("s4", fault("It is gone.")));
    expect(state).toBe("failed");
    expect(error?.toRecord()).toMatchObject({
      code: "REMOTE_FAULT",
      message: "2 steps failed. s3 detach: It is busy. s4 detach: It is gone.",
      hint: "Mend It is busy.",
      found: { failed: [{ step: "s3" }, { step: "s4", code: "REMOTE_FAULT", message: "It is gone." }] },
    });
  });

  it("needs a person where one of them does, whichever failed first", () => {
    const { state, error } = ended(failed("s3", fault("It is busy.")), failed("s4", unknown));
    expect(state).toBe("needs_operator");
    expect(error?.toRecord()).toMatchObject({ code: "OUTCOME_UNKNOWN", hint: "Look.", next: [{ kind: "see_runs" }] });
    expect(error?.message).toBe("2 steps failed. s4 detach: No answer. s3 detach: It is busy.");
  });

  it("hides no defect of the program behind the others, and says nothing of its text", () => {
    const { error } = ended(failed("s3", fault("It is busy.")), failed("s4", new TypeError("x is undefined")));
    expect(error?.message).toMatch(/s4 detach: Something in atvm_prep itself went wrong/);
  });
});
