import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainName } from "../../src/core/domain/safe-text.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import * as text from "../../src/text/index.ts";
import { timeBetween } from "../../src/text/lines.ts";
import {
  rollbackPlan,
  sampleInspect,
  sampleLuns,
  samplePlan,
  sampleRun,
  sampleSnapshots,
  sampleVms,
  shownPlan,
  shownRun,
  vms,
} from "../support/views.ts";

const { auditText, errorText, lunsText, snapshotsText, vmsText } = text;
const planText = (plan: PlanRecord): string => text.planText(shownPlan(plan));
const questionText = (plan: PlanRecord): string => text.questionText(shownPlan(plan));
const plansText = (plans: readonly PlanRecord[]): string => text.plansText(plans.map(shownPlan));
const runText = (run: RunRecord): string => text.runText(shownRun(run));
const runsText = (runs: readonly RunRecord[]): string => text.runsText(runs.map(shownRun));
const inspectText = (found: typeof sampleInspect): string => text.inspectText(text.presentInspection(found));

describe("a plan's text", () => {
  it("is all that an operator needs to decide", () => {
    expect(planText(samplePlan({ planToken: "the-token" }))).toMatchInlineSnapshot(`
      "PLAN plan-1: automated testing, "AutomatedTest-VMBootImg-Gold" on CDS1-ESX165 / 192.168.1.165: 1 clone to make, 1 clone to DELETE, 2 VMs off, 3 VMs unregistered. Nothing has been changed yet.

          atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165

      Snapshot "nightly-2026-11-21" (snap-3), 1 day 4 hours old, chosen as the latest.
      Asked by os:tester.

      What it touches:
      - Powered off HARD, then unregistered (2): "atvm-1", "atvm-2"
      - Unregistered, files stay (1): "atvm-3"
      - Unmounted: datastore "gold-ds"
      - Unassigned and DELETED for good: clone "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old" (vol-9)

      3 steps, 1 of which (*) cannot be undone: 1 power off, 2 delete clone*, 3 create clone (while 2).

      Afterwards:
      - The new clone is assigned to CDS1-ESX165 and its datastore mounted.
      - VMs on it are not registered.

      WARNINGS:
      - Gold was assigned after this snapshot was made: changes since then are not in this clone.

      Approval (token): Show the operator the command and the impact; once they agree, call confirm_plan with this plan's token.
      Expires 2026-11-22T06:40:00.000Z, 10 minutes after it was made.
      Only after their yes: confirm_plan {"planToken": "the-token"}"
    `);
  });

  it("lists the snapshots that a rollback loses, with their age", () => {
    expect(planText(rollbackPlan())).toContain(
      [
        "- Snapshots LOST for good (2):",
        '  - "nightly-2026-11-20" (snap-2), 2 days 4 hours old',
        '  - "nightly-2026-11-21" (snap-3), 1 day 4 hours old',
      ].join("\n"),
    );
  });

  it("names the first 20 of many VMs and counts the rest", () => {
    const plan = samplePlan();
    const text = planText({ ...plan, impact: { ...plan.impact, vmsToPowerOff: vms(100), vmsToUnregister: [] } });
    expect(text).toContain("Powered off HARD (100):");
    expect(text).toContain('"atvm-20"');
    expect(text).not.toContain('"atvm-21"');
    expect(text).toContain("and 80 more");
  });

  it("says that there is nothing to do", () => {
    expect(planText(samplePlan({ steps: [] }))).toContain("the goal is already reached");
  });

  it("has no next call without a token, nor once it was confirmed", () => {
    expect(planText(samplePlan())).not.toContain("confirm_plan {");
    const redeemed = planText(samplePlan({ state: "redeemed", runId: "run-7", planToken: "the-token" }));
    expect(redeemed).toContain("its run is run-7".replace("its", "Its"));
    expect(redeemed).not.toContain("the-token");
  });

  it("puts the person's approval before the call where the policy is human", () => {
    const text = planText(samplePlan({ planToken: "the-token", approval: { policy: "human" } }));
    expect(text).toMatch(/atvm_prep approve plan-1[\s\S]*Once a person has approved plan plan-1[^\n]*the-token/);
  });

  it("prints the token once", () => {
    expect(planText(samplePlan({ planToken: "the-token" })).split("the-token")).toHaveLength(2);
  });
});

describe("the question that a client shows", () => {
  it("is command, impact and warnings in short", () => {
    expect(questionText(samplePlan())).toMatchInlineSnapshot(`
      "Run this? automated testing, "AutomatedTest-VMBootImg-Gold" on CDS1-ESX165 / 192.168.1.165: 1 clone to make, 1 clone to DELETE, 2 VMs off, 3 VMs unregistered.

      atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165

      Powers off 2 VMs: "atvm-1", "atvm-2"
      Unregisters 3 VMs: "atvm-1", "atvm-2", "atvm-3"
      Unmounts: "gold-ds"
      Unassigns: "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old"
      DELETES for good the clone: "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old"
      Asked by os:tester.
      - Warning: Gold was assigned after this snapshot was made: changes since then are not in this clone.

      Plan plan-1, 3 steps, valid until 2026-11-22T06:40:00.000Z."
    `);
  });

  it("says for a rollback what is destroyed and what to type", () => {
    expect(questionText(rollbackPlan())).toMatchInlineSnapshot(`
      "Run this? roll the gold disk back, "AutomatedTest-VMBootImg-Gold" on CDS1-ESX165 / 192.168.1.165: 2 newer snapshots LOST, 1 clone to make, 1 clone to DELETE, 2 VMs off, 3 VMs unregistered.

      atvm_prep -rvgd -n AutomatedTest-VMBootImg-Gold -s weekly -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165

      Everything written to AutomatedTest-VMBootImg-Gold since snapshot "weekly" (7 days 4 hours old) will be destroyed.
      Powers off 2 VMs: "atvm-1", "atvm-2"
      Unregisters 3 VMs: "atvm-1", "atvm-2", "atvm-3"
      Unmounts: "gold-ds"
      Unassigns: "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old"
      DELETES for good the clone: "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old"
      LOSES for good the snapshots: "nightly-2026-11-20", "nightly-2026-11-21"
      The oldest of them is 2 days 4 hours old.
      Asked by os:tester.
      - Warning: Gold was assigned after this snapshot was made: changes since then are not in this clone.

      To approve, type the LUN's full name: AutomatedTest-VMBootImg-Gold"
    `);
  });
});

describe("a run's text", () => {
  it("shows how far it is and how to follow it", () => {
    expect(runText(sampleRun(1))).toMatchInlineSnapshot(`
      "RUN run-1: automated testing, "AutomatedTest-VMBootImg-Gold" on CDS1-ESX165 / 192.168.1.165: running.
          atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165
      Asked by os:tester; approved by nobody (policy token).
      Steps: 1 done, 1 running, 1 to come.
      2. [>] Delete the clone AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old (running)
      Next: Follow it with get_run {"runId": "run-1", "waitSeconds": 30}."
    `);
  });

  it("shows what stopped it, and what is left", () => {
    const run = sampleRun(1);
    const error = {
      code: "OUTCOME_UNKNOWN" as const,
      message: "The reply to the deletion was lost.",
      found: { volume: "vol-9" },
      hint: "Look whether vol-9 is still there, then resume the run.",
      retryable: false,
      next: [],
    };
    expect(
      runText({
        ...run,
        state: "needs_operator",
        steps: run.steps.map((step) => (step.state === "running" ? { ...step, state: "unknown", error } : step)),
        error,
        report: {
          volume: { name: plainName("clone"), id: "vol-9", naa: "naa.9" },
          vms: [{ name: plainName("atvm-1"), path: "[gold-ds] atvm-1/atvm-1.vmx", registered: false }],
          leftovers: ["The clone vol-9 may be left on the array."],
        },
        next: [{ kind: "resume", runId: "run-1" }],
      }),
    ).toMatchInlineSnapshot(`
      "RUN run-1: automated testing, "AutomatedTest-VMBootImg-Gold" on CDS1-ESX165 / 192.168.1.165: NEEDS AN OPERATOR.
          atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165
      Asked by os:tester; approved by nobody (policy token).
      Steps: 1 done, 1 to come, 1 with an unknown outcome.
      2. [?] Delete the clone AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old (unknown)
          OUTCOME_UNKNOWN: The reply to the deletion was lost.

      Stopped by OUTCOME_UNKNOWN: The reply to the deletion was lost.

      Found:
      - volume: vol-9
      Volume "clone" (vol-9, naa.9).
      1 VM on it, 0 registered.

      Not registered:
      - "atvm-1" [gold-ds] atvm-1/atvm-1.vmx

      Left over:
      - The clone vol-9 may be left on the array.
      Next: resume_run {"runId": "run-1"} plans what is left."
    `);
  });
});

describe("a refusal's text", () => {
  it("is code, what was found and what can be done", () => {
    expect(
      errorText({
        code: "SNAPSHOT_AMBIGUOUS",
        message: "Two snapshots are named nightly.",
        found: { snapshots: [{ id: "snap-1", createdAt: "2026-11-20" }, { id: "snap-2" }], lun: "Gold", none: [] },
        hint: "Rename one of them on the array.",
        retryable: true,
      }),
    ).toMatchInlineSnapshot(`
      "SNAPSHOT_AMBIGUOUS: Two snapshots are named nightly.

      Found:
      - snapshots:
        - id snap-1, createdAt 2026-11-20
        - id snap-2
      - lun: Gold
      - none: none

      What you can do: Rename one of them on the array.
      The same call may succeed if it is made again."
    `);
  });
});

describe("the other texts", () => {
  it("tell what was looked at", () => {
    expect(
      [
        inspectText(sampleInspect),
        lunsText(sampleLuns),
        snapshotsText(sampleSnapshots),
        vmsText(sampleVms),
        runsText([sampleRun(3)]),
        plansText([samplePlan()]),
      ].join("\n\n=====\n\n"),
    ).toMatchInlineSnapshot(`
      "Client CDS1-ESX165 (client-1), host 192.168.1.165 (esx165), connected.

      AutomatedTest-VMBootImg-Gold: the clone volume "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old" is assigned (vol-9, naa.60000000000000000000000000000009, made 22 hours 30 minutes ago).
      - From snapshot "nightly-2026-11-20" (snap-2)
      - Datastore "gold-ds" (datastore-7), mounted
      - 4 registered VMs: 2 on, 1 off, 0 suspended, 1 template
        - "atvm-1": on
        - "atvm-2": on
        - "atvm-3": off
        - "atvm-t": template
      - Not registered (1): "spare-01"

      No open plans, no runs under way.

      =====

      1 gold LUN:

      AutomatedTest-VMBootImg-Gold (short: Gold)
      - vol-1, naa.60000000000000000000000000000001, 500 GiB, assigned to nobody
      - 1 clone:
        - "AutomatedTest-VMBootImg-Gold-CDS1-ESX165-old" (vol-9), assigned to CDS1-ESX165

      =====

      2 snapshots of AutomatedTest-VMBootImg-Gold, newest first:
      - "nightly-2026-11-21" (snap-3), made 2026-11-21T02:00:00.000Z, 1 day ago: the latest
      - "nightly-2026-11-20" (snap-2), made 2026-11-20T02:00:00.000Z, 2 days ago, 1 clone

      =====

      2 VMs on datastore "gold-ds" of CDS1-ESX165 / 192.168.1.165, 1 registered:
      - "atvm-1" [gold-ds] atvm-1/atvm-1.vmx (vm-1): poweredOn
      - "atvm-4" [gold-ds] atvm-4/atvm-4.vmx: not registered

      =====

      1 run, newest first:
      - run-1: automated testing, succeeded, begun 2026-11-22T06:30:00.000Z, 3 of 3 steps finished
          atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165

      =====

      1 plan:
      - plan-1: automated testing, open, approval token, expires 2026-11-22T06:40:00.000Z
          atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165"
    `);
  });

  it("say when there is nothing", () => {
    expect(lunsText({ luns: [] })).toBe("There are no gold LUNs on the array.");
    expect(snapshotsText({ lun: plainName("Gold"), snapshots: [] })).toBe("Gold has no snapshots.");
    expect(runsText([])).toBe("There are no runs.");
    expect(plansText([])).toBe("There are no open plans.");
    expect(auditText({ rows: [], chain: { holds: true, rows: 0, problems: [] } })).toContain("No rows match.");
  });

  it("are loud about a broken audit chain", () => {
    const text = auditText({ rows: [], chain: { holds: false, rows: 3, problems: ["row 2 was changed"] } });
    expect(text).toMatch(/^THE AUDIT CHAIN IS BROKEN/);
    expect(text).toContain("- row 2 was changed");
  });
});

describe("what comes from outside", () => {
  const hostile = fc.string({ unit: "binary", maxLength: 300 });
  const invisible = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

  it("cannot add lines to a text, nor hide anything in it", () => {
    fc.assert(
      fc.property(hostile, hostile, (name, sentence) => {
        const plain = samplePlan();
        const evil = samplePlan({
          warnings: [sentence],
          impact: {
            ...plain.impact,
            vmsToPowerOff: vms(2).map((vm) => ({ ...vm, name: plainName(name), path: sentence })),
          },
        });
        for (const render of [planText, questionText]) {
          const text = render(evil);
          expect(text.split("\n")).toHaveLength(render(plain).split("\n").length);
          expect(text.replaceAll("\n", "")).not.toMatch(invisible);
        }
      }),
    );
  });

  it("cannot do so in lists of VMs and in refusals either", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const [first] = sampleVms.vms;
        const text = vmsText({ ...sampleVms, vms: first === undefined ? [] : [{ ...first, name: plainName(name) }] });
        expect(text.split("\n")).toHaveLength(2);
        const error = errorText({ code: "INTERNAL", message: name, found: [name], hint: name, retryable: false });
        expect(error.split("\n")).toHaveLength(6);
        expect((text + error).replaceAll("\n", "")).not.toMatch(invisible);
      }),
    );
  });
});

describe("the time between two instants", () => {
  it.each([
    ["2026-11-22T00:00:00Z", "2026-11-22T00:00:59Z", "less than a minute"],
    ["2026-11-22T00:00:00Z", "2026-11-22T00:01:00Z", "1 minute"],
    ["2026-11-22T00:00:00Z", "2026-11-22T02:03:00Z", "2 hours 3 minutes"],
    ["2026-11-20T00:00:00Z", "2026-11-22T00:03:00Z", "2 days"],
    ["2026-11-20T00:00:00Z", "2026-11-22T05:03:00Z", "2 days 5 hours"],
    ["never", "2026-11-22T05:03:00Z", ""],
  ])("from %s to %s is %s", (from, to, said) => {
    expect(timeBetween(from, to)).toBe(said);
  });
});
