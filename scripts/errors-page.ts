/** docs/errors.md: every error code with what it means, from the table that the program itself reads. */
import { ERROR_CODES, errorTraits } from "../src/core/domain/errors.ts";

const REMEDIES: Readonly<Record<ReturnType<typeof errorTraits>["remedy"], string>> = {
  mend_request: "correct the request",
  mend_installation: "correct the configuration or this installation",
  mend_systems: "change what the hint names on the array or in vCenter, then plan again",
  approve: "have it approved",
  plan_again: "plan again",
  wait: "wait, or follow the other run",
  retry: "try again",
  look_at_systems: "look at both systems, then resume the run",
  report_defect: "report it, with atvm_prep.log",
  none: "nothing: the answer is no",
};

export function errorsPage(): string {
  return [
    "# Error codes",
    "",
    "Made from the table that the program itself reads (`npm run docs`); a test compares. Every error also has a message,",
    "what was found, and a hint. *Exit* is the command line's exit code, *HTTP* the status over HTTP; *again* says whether",
    "the same call can succeed later, unchanged. Where an error says nothing about the plan, the plan stays as it is.",
    "",
    "| code | meaning | to do | again | exit | HTTP | about the plan |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...ERROR_CODES.map((code) => {
      const { meaning, remedy, retryable, exitCode, httpStatus, aboutPlan } = errorTraits(code);
      const yes = (value: boolean): string => (value ? "yes" : "no");
      return `| \`${code}\` | ${meaning} | ${REMEDIES[remedy]} | ${yes(retryable)} | ${exitCode} | ${httpStatus} | ${yes(aboutPlan)} |`;
    }),
    "",
  ].join("\n");
}
