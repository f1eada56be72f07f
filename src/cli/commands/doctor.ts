/** `atvm_prep doctor`: what a site needs in order to work, looked at one by one. It changes nothing. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { App } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { asPrepError } from "../../core/domain/errors.ts";
import type { Mode } from "../../core/domain/modes.ts";
import { makePrivateDir } from "../../platform/private-dir.ts";
import { presentError, wordingFor } from "../../text/index.ts";
import type { ErrorView } from "../../text/views.ts";
import { type Context, withApp } from "../context.ts";
import { exitCodeOf } from "../terminal/exit-codes.ts";
import { printResult } from "../terminal/results.ts";

interface Finding {
  readonly what: string;
  readonly state: "ok" | "warning" | "failed";
  readonly text: string;
  readonly error?: ErrorView;
}

/** Exit code: that of the first thing that failed, else 0. */
export async function doctor(context: Context): Promise<number> {
  const findings = await withApp(context, (app) => examine(app), { warn: false }).catch((thrown: unknown) => [
    failed("configuration and store", thrown),
  ]);
  printResult(context, { findings }, () => findings.map(lineOf).join("\n"));
  const first = findings.find(({ state }) => state === "failed");
  if (first === undefined) return 0;
  return first.error === undefined ? 1 : exitCodeOf(first.error.code);
}

async function examine(app: App): Promise<Finding[]> {
  const { config, engine, looks } = app;
  const systems = await Promise.all([
    check("array", async () => {
      const golds = await looks.array();
      return `${config.dgs.url} answers, the password is right, ${trust(config.dgs.tls)}; ${golds} gold LUNs`;
    }),
    check("vCenter", async () => {
      const hosts = await looks.vcenter();
      return `${config.vcenter.address} answers, the password is right, ${trust(config.vcenter.tls)}; ${hosts} hosts`;
    }),
  ]);
  const log = await check("log", async () => {
    makePrivateDir(config.log.dir);
    await access(config.log.dir, constants.W_OK);
    return `${config.log.dir} can be written`;
  });
  // It reads both systems, so it says something only when each of them answers.
  const target = systems.every(({ state }) => state === "ok")
    ? [
        await check("target", async () => {
          const { host, client } = await engine.inspect({}, app.actor("cli"));
          return `${client.name} is ${host.name}, ${host.connectionState}`;
        }),
      ]
    : [];
  // After the look at the target, which is audited itself.
  const audit = await engine.verifyAudit().then(
    ({ holds, rows, problems }): Finding =>
      holds
        ? { what: "audit", state: "ok", text: `the chain holds, ${rows} rows` }
        : { what: "audit", state: "failed", text: problems.join("; ") },
    (thrown: unknown) => failed("audit", thrown),
  );
  return [
    { what: "configuration", state: "ok", text: config.file ?? "built in" },
    ...config.warnings.map((text): Finding => ({ what: "configuration", state: "warning", text })),
    {
      what: "store",
      state: "ok",
      text: config.store.kind === "sqlite" ? `${config.store.path} can be written` : "PostgreSQL answers",
    },
    ...systems,
    ...target,
    log,
    audit,
    ...approvalOf(config),
  ];
}

async function check(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, state: "ok", text: await look() };
  } catch (thrown) {
    return failed(what, thrown);
  }
}

function failed(what: string, thrown: unknown): Finding {
  const error = presentError(asPrepError(thrown), wordingFor("terminal"));
  return { what, state: "failed", text: `${error.message} ${error.hint}`, error };
}

function trust(tls: Config["dgs"]["tls"]): string {
  if ("insecure" in tls) return "its certificate is NOT checked";
  if ("thumbprint" in tls) return "its certificate is the pinned one";
  return "caFile" in tls
    ? `its certificate is from ${tls.caFile}`
    : "its certificate is from an authority that Node trusts";
}

const PROVES = {
  token: "that exactly this plan is carried out, on the state it was made for; not that a person saw it",
  prompt: "as much as the assistant's program is trusted: it shows the question and brings back the answer",
  human: "a person, if the assistant's account can neither run atvm_prep against this store nor read store and secrets",
} as const;

function approvalOf({ approval, store }: Config): Finding[] {
  const modes = Object.entries(approval.policy) satisfies [string, string][];
  const findings = modes.map(([mode, policy]): Finding => {
    return {
      what: "approval",
      state: "ok",
      text: `${mode satisfies Mode | string}: ${policy}; it proves ${PROVES[policy]}`,
    };
  });
  if (modes.some(([, policy]) => policy === "human") && store.kind === "sqlite") {
    const text =
      "Anything that runs as this account can use this store and these secrets. For `human` to prove a person, give the assistant another account.";
    findings.push({ what: "approval", state: "warning", text });
  }
  if (approval.cli === "allow") {
    findings.push({
      what: "approval",
      state: "warning",
      text: "approval.cli is `allow`: `--yes` satisfies `human` as well.",
    });
  }
  return findings;
}

const lineOf = ({ what, state, text }: Finding): string => {
  const mark = { ok: "ok     ", warning: "warning", failed: "FAILED " }[state];
  return `${mark}  ${what}: ${text}`;
};
