/** A terminal, or a pipe, as tests hold it, and an engine that does only what a test says. */

import { PassThrough } from "node:stream";
import type { App } from "../../../src/app.ts";
import { runCli } from "../../../src/cli/cli.ts";
import type { Interruption, Io } from "../../../src/cli/terminal/io.ts";
import { resolveConfig } from "../../../src/config/config.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Engine } from "../../../src/core/engine.ts";
import type { PlanRecord, RunRecord } from "../../../src/core/records.ts";
import { silentLog } from "../../../src/logging/log.ts";

export interface Terminal {
  readonly io: Io;
  out(): string;
  err(): string;
  /** Answers the next question that is asked. */
  type(line: string): void;
  endInput(): void;
  interrupt(signal?: Interruption): void;
}

export function terminal(options: { tty?: boolean; cwd?: string } = {}): Terminal {
  const stdin = Object.assign(new PassThrough(), { isTTY: options.tty === true });
  const stdout = Object.assign(new PassThrough(), { isTTY: false });
  const stderr = Object.assign(new PassThrough(), { isTTY: options.tty === true });
  const text = { out: "", err: "" };
  const waiting: string[] = [];
  stdout.on("data", (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  let asked = 0;
  stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
    const questions = text.err.match(/\[y\/n\] |n to leave it: | > /g)?.length ?? 0;
    while (asked < questions && waiting.length > 0) {
      asked += 1;
      stdin.write(`${waiting.shift()}\n`);
    }
  });
  const listeners = new Set<(signal: Interruption) => void>();
  return {
    io: {
      stdin,
      stdout,
      stderr,
      env: {},
      cwd: options.cwd ?? process.cwd(),
      onInterrupt(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    out: () => text.out,
    err: () => text.err,
    type: (line) => waiting.push(line),
    endInput: () => stdin.end(),
    interrupt: (signal = "SIGINT") => {
      for (const listener of [...listeners]) listener(signal);
    },
  };
}

export const LUN = "AutomatedTest-VMBootImg-Gold";

export function planOf(mode: Mode = "automated_testing", more: Partial<PlanRecord> = {}): PlanRecord {
  return {
    planId: "plan_1",
    planToken: "token-canary-1",
    mode,
    request: {
      mode,
      lun: LUN,
      client: "CDS1-ESX165",
      host: "192.168.1.165",
      paired: true,
      registerVms: false,
      keepClone: false,
      forcePowerOff: false,
      releaseFirst: false,
      crashConsistent: false,
    },
    target: {
      lun: { name: plainName(LUN), volumeId: "vol-1", naa: "naa.60000000000000000000000000000001" },
      client: { name: plainName("CDS1-ESX165"), id: "client-1" },
      host: { address: "192.168.1.165", name: plainName("192.168.1.165") },
      vcenter: "192.168.0.201",
    },
    steps: [{ id: "s1", kind: "create_clone", text: "Make a clone", irreversible: false, after: [] }],
    impact: {
      vmsToPowerOff: [],
      vmsToUnregister: [],
      vmsToRegister: [],
      datastoresToUnmount: [],
      volumesToUnassign: [],
      clonesToDelete: [],
      snapshotsLost: [],
    },
    warnings: [],
    leftovers: [],
    requestedBy: { principal: "os:tester@store" },
    approval: { policy: "token" },
    state: "open",
    createdAt: "2026-11-23T10:00:00.000Z",
    expiresAt: "2026-11-23T10:10:00.000Z",
    fingerprint: "f",
    ...more,
  };
}

export function runOf(state: RunRecord["state"] = "succeeded", more: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: "run_1",
    planId: "plan_1",
    mode: "automated_testing",
    request: planOf().request,
    target: planOf().target,
    requestedBy: { principal: "os:tester@store" },
    state,
    steps: [{ id: "s1", kind: "create_clone", text: "Make a clone", state: "done" }],
    next: [],
    createdAt: "2026-11-23T10:00:00.000Z",
    ...more,
  };
}

const notExpected = (name: string) => () => Promise.reject(new Error(`${name} was not to be called`));

function engineWith(parts: Partial<Engine>): Engine {
  return {
    inspect: notExpected("inspect"),
    removeOld: notExpected("removeOld"),
    listTargets: notExpected("listTargets"),
    listLuns: notExpected("listLuns"),
    listSnapshots: notExpected("listSnapshots"),
    listVms: notExpected("listVms"),
    plan: notExpected("plan"),
    resumePlan: notExpected("resumePlan"),
    getPlan: notExpected("getPlan"),
    listPlans: async () => [],
    discardPlan: notExpected("discardPlan"),
    discardPlans: notExpected("discardPlans"),
    getRun: notExpected("getRun"),
    listRuns: async () => [],
    readAudit: notExpected("readAudit"),
    verifyAudit: notExpected("verifyAudit"),
    planByToken: notExpected("planByToken"),
    takeAnswer: notExpected("takeAnswer"),
    whoTouched: notExpected("whoTouched"),
    recordCall: notExpected("recordCall"),
    completions: notExpected("completions"),
    confirm: notExpected("confirm"),
    approve: notExpected("approve"),
    cancelRun: notExpected("cancelRun"),
    executeRun: notExpected("executeRun"),
    createToken: notExpected("createToken"),
    listTokens: async () => [],
    revokeToken: notExpected("revokeToken"),
    tokenHolder: notExpected("tokenHolder"),
    recordRefusal: notExpected("recordRefusal"),
    makeConsoleLink: notExpected("makeConsoleLink"),
    consoleLinkHolder: notExpected("consoleLinkHolder"),
    redeemConsoleLink: notExpected("redeemConsoleLink"),
    signInToConsole: notExpected("signInToConsole"),
    consoleSession: notExpected("consoleSession"),
    signOutOfConsole: notExpected("signOutOfConsole"),
    decline: notExpected("decline"),
    auditAfter: notExpected("auditAfter"),
    work: notExpected("work"),
    close: async () => undefined,
    ...parts,
  };
}

const config = await resolveConfig(
  {
    dgs: { url: "https://dgs.test", username: "u", password: { env: "DGS_PASSWORD" }, tls: { insecure: true } },
    vcenter: { username: "u", password: { env: "VCENTER_PASSWORD" }, tls: { insecure: true } },
  },
  {
    where: "the test's configuration",
    baseDir: "/nowhere",
    env: { HOME: "/nowhere", DGS_PASSWORD: "dgs-canary", VCENTER_PASSWORD: "vcenter-canary" },
  },
);

/** What of the application is another one than usual. */
interface Site {
  readonly warnings?: readonly string[];
  readonly approval?: Partial<App["config"]["approval"]>;
  readonly checkSystems?: App["checkSystems"];
}

/** Runs one command line against such an engine. */
export function cli(argv: string[], parts: Partial<Engine>, on = terminal(), site: Site = {}): Promise<number> {
  const engine = engineWith(parts);
  return runCli(
    argv,
    on.io,
    async (): Promise<App> => ({
      engine,
      config: { ...config, warnings: site.warnings ?? [], approval: { ...config.approval, ...site.approval } },
      store: { place: "/nowhere/atvm.db" },
      checkSystems: site.checkSystems ?? notExpected("checkSystems"),
      log: silentLog,
      actor: (channel) => ({ principal: "tester", channel }),
      close: () => engine.close(),
    }),
  );
}
