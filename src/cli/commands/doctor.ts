/** `atvm_prep doctor`: what a site needs in order to work, looked at one by one. It changes nothing. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { App } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { APPROVAL_POLICIES } from "../../core/domain/modes.ts";
import { wrongController } from "../../platform/controller.ts";
import { makePrivateDir } from "../../platform/private-dir.ts";
import { describeReaders, readersOf } from "../../platform/sharing.ts";
import { checked, type Finding, failed, failedBy, ok, warning } from "../../systems/checks/finding.ts";
import { presentError, wordingFor } from "../../text/index.ts";
import { type Context, withReadOnlyApp } from "../context.ts";
import { exitCodeOf } from "../terminal/exit-codes.ts";
import { type FindingView, findingsTable } from "../terminal/findings.ts";
import { printResult } from "../terminal/results.ts";

/** Exit code: that of the first thing that failed, else 0. */
export async function doctor(context: Context): Promise<number> {
  const findings = await withReadOnlyApp(context, (app) => examine(app), { warn: false }).catch((thrown: unknown) => [
    failedBy("configuration", thrown),
  ]);
  const shown = findings.map(worded);
  printResult(context, { findings: shown }, () => findingsTable(shown, context.io.stdout.columns ?? 100));
  const first = findings.find(({ state }) => state === "failed");
  if (first === undefined) return 0;
  return first.error === undefined ? 1 : exitCodeOf(first.error.code);
}

/** A refusal's hint is the fix, in a terminal's words. */
function worded({ error, ...finding }: Finding): FindingView {
  if (error === undefined) return finding;
  const view = presentError(error, wordingFor("terminal"));
  return { ...finding, fix: view.hint, error: view };
}

async function examine(app: App): Promise<Finding[]> {
  const { config } = app;
  const systems = await app.checkSystems();
  return [
    ok("configuration", config.file ?? "built in"),
    ...config.warnings.map((text) => warning("configuration", text, "See docs/configuration.md.")),
    ...(await sharing(config)),
    ...(await storeOf(app)),
    ...controllerOf(config),
    ...systems,
    ...(await checked("log", async () => {
      makePrivateDir(config.log.dir);
      await access(config.log.dir, constants.W_OK);
      return ok("log", `${config.log.dir} can be written`);
    })),
    ...(await checked("audit", async () => {
      const { holds, rows, problems } = await app.engine.verifyAudit();
      if (holds) return ok("audit", `the chain holds, ${rows} rows`);
      return failed("audit", problems.join("; "), "Keep the store as it is, and compare with the last `audit export`.");
    })),
    ...approvalOf(config),
  ];
}

/** Who can read the configuration and the store: whoever shares one is to share the other. */
async function sharing({ file, store }: Config): Promise<Finding[]> {
  const read = (what: string, path: string): Promise<Finding[]> =>
    checked(what, async () => ok(what, `${path} can be read by ${describeReaders(await readersOf(path))}`));
  return [
    ...(file === undefined ? [] : await read("sharing", file)),
    ...(store.kind === "sqlite" ? await read("store", store.path) : []),
  ];
}

async function storeOf({ store }: App): Promise<Finding[]> {
  if (store.server === undefined) return [];
  const { version, encrypted, local } = await store.server();
  const answers = `${store.place} answers: PostgreSQL ${version}, ${encrypted ? "encrypted" : "not encrypted"}`;
  if (encrypted || local) return [ok("store", answers)];
  return [warning("store", answers, "End the URL in `?sslmode=verify-full&sslrootcert=FILE` (docs/deploy.md).")];
}

function controllerOf({ controller, runs }: Config): Finding[] {
  if (controller === undefined) return [];
  const wrong = wrongController(controller);
  if (wrong === undefined) return [ok("controller", `this machine is ${controller.hostname}, ${controller.address}`)];
  if (runs === "worker") {
    return [
      ok("controller", `changes are made by workers on ${controller.hostname}; what is confirmed here waits for one`),
    ];
  }
  const fix = `Plans can be shown here; to run them, use ${controller.hostname}: ssh ${controller.hostname} atvm_prep …`;
  return [warning("controller", wrong, fix)];
}

const PROVES = {
  token: "that exactly this plan is carried out, on the state it was made for; not that a person saw it",
  prompt: "as much as the assistant's program is trusted: it shows the question and brings back the answer",
  human: "a person, if the assistant's account can neither run atvm_prep against this store nor read store and secrets",
} as const;

function approvalOf({ approval, store }: Config): Finding[] {
  const modes = Object.entries(approval.policy);
  const findings = APPROVAL_POLICIES.flatMap((policy) => {
    const names = modes.filter(([, of]) => of === policy).map(([mode]) => mode);
    return names.length === 0 ? [] : [ok("approval", `${policy} for ${names.join(", ")}: it proves ${PROVES[policy]}`)];
  });
  if (modes.some(([, policy]) => policy === "human") && store.kind === "sqlite") {
    findings.push(
      warning(
        "approval",
        "Anything that runs as this account can use this store and these secrets.",
        "For `human` to prove a person, give the assistant another account (docs/security.md).",
      ),
    );
  }
  if (approval.cli === "allow") {
    findings.push(
      warning(
        "approval",
        "approval.cli is `allow`: `--yes` satisfies `human` as well.",
        "Set approval.cli: deny, unless this is a lab.",
      ),
    );
  }
  return findings;
}
