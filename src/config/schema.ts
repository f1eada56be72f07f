/**
 * What a configuration may say (SURFACE: Configuration). One schema checks the file, turns its references into absolute
 * paths and `Secret`s, is published as JSON schema, makes docs/configuration.md, and knows the keys that a typo is
 * compared with. A key stands here only when something reads it.
 */
import { dirname, join } from "node:path";
import * as z from "zod";
import { APPROVAL_POLICIES, forEachMode } from "../core/domain/modes.ts";
import { ALSO_THEN, arrayOf, arraySection, checkArraySections, dgsSection, withFormerLimits } from "./array.ts";
import { contradictionsIn } from "./contradictions.ts";
import { http } from "./http.ts";
import { proxy } from "./proxy.ts";
import { engine, scriptSection } from "./script.ts";
import { Secret } from "./secrets.ts";
import {
  count,
  days,
  duration,
  hostAndPort,
  optionalCount,
  optionalDuration,
  path,
  type References,
  secret,
  text,
  tls,
} from "./values.ts";

const policy = z.enum(APPROVAL_POLICIES);

const pair = z.strictObject({
  client: text.describe("Client, as the array names it."),
  host: text.describe("ESXi host of that client, as vCenter names it: an address or a name."),
});

const PAIRS = [
  { client: "CDS1-ESX165", host: "192.168.1.165" },
  { client: "CDS1-ESX166", host: "192.168.1.166" },
];

const LUNS = {
  Gold: "AutomatedTest-VMBootImg-Gold",
  Gold2: "AutomatedTest-VMBootImg-Gold-2",
  ComputeMigration: "AutomatedTest-VMBootImgComputeMigration-Gold",
};

/**
 * The schema that resolves references with these. `stateDir`: where store and log go when nothing names a place.
 * Its output has durations in milliseconds, absolute paths and all defaults; no secret is read.
 */
export const configSchema = (references: References, stateDir: string) =>
  z
    .strictObject({
      array: arraySection(references),
      dgs: dgsSection(references),
      engine,
      script: scriptSection(references),
      vcenter: z
        .strictObject({
          address: hostAndPort.default("192.168.0.201").describe("Where vCenter answers https."),
          username: text.optional().describe("Account on vCenter. Without it, each command must give `-vu`."),
          password: secret(references)
            .optional()
            .transform((given) => given ?? Secret.absent("vcenter.password"))
            .describe("Password of that account. Without it, each command must give `-vp`."),
          tls: tls(references).describe(
            "How vCenter's certificate is judged; without it, by the authorities that Node trusts.",
          ),
        })
        .describe("The vCenter that manages the hosts."),
      proxy: proxy(references),
      toolPrefix: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_-]{0,19}$/, "must be 1 to 20 letters, digits, _ and -, a letter first")
        .or(z.literal(""))
        .default("")
        .describe(
          "What the names of the MCP tools begin with, such as `lab2_`: for clients that have servers of two sites, and do not tell equal names apart.",
        ),
      controller: z
        .strictObject({
          hostname: text.describe("Its host name, short or in full."),
          address: text.describe("One of its own IP addresses."),
        })
        .optional()
        .describe(
          "The machine on which alone changes are made. Without it, any machine may. With `runs: worker` it is where the workers are: what is confirmed elsewhere waits for them.",
        ),
      luns: z
        .record(text, text)
        .default(LUNS)
        .describe("Shorthand for gold LUNs: short name → name on the array. Case, spaces, `-` and `_` do not count."),
      pairs: z.array(pair).default(PAIRS).describe("Which client of the array is which ESXi host, one to one."),
      defaults: pair
        .default({ client: "CDS1-ESX165", host: "192.168.1.165" })
        .describe("The target of a request that names none."),
      approval: z
        .strictObject({
          default: policy
            .default("prompt")
            .describe(
              "What a plan needs before it runs. `token`: the assistant's second call. `prompt`: the person is asked through the assistant's program. `human`: a person runs `atvm_prep approve`.",
            ),
          ...forEachMode((_mode, { flag, approval }) => {
            const alone = `The same for \`${flag.short === undefined ? `--${flag.long}` : `-${flag.short}`}\` alone`;
            return approval === undefined
              ? policy.optional().describe(`${alone}.`)
              : policy.default(approval).describe(`${alone}, which does not follow \`default\`.`);
          }),
          cli: z
            .enum(["allow", "deny"])
            .default("deny")
            .describe("Whether `--yes` on a command line satisfies `human`."),
          planTtl: duration("10m").describe("How long a plan can be confirmed."),
          answerWithin: duration("5m").describe(
            "How long a person who is asked through the assistant's program has for the answer.",
          ),
          requesterIsNotApprover: z
            .boolean()
            .default(false)
            .describe("Whether a plan must be approved by another account than the one that asked for it."),
        })
        .prefault({})
        .transform(({ default: otherwise, cli, planTtl, answerWithin, requesterIsNotApprover, ...perMode }) => ({
          policy: forEachMode((mode) => perMode[mode] ?? otherwise),
          cli,
          planTtl,
          answerWithin,
          requesterIsNotApprover,
        }))
        .describe("What a plan needs before it runs (docs/security.md says what each kind proves)."),
      register: z
        .strictObject({
          folder: text
            .optional()
            .describe(
              "Folder below the VM folder of the target's Datacenter, `/` between names, `%2f` for a slash in one.",
            ),
          pool: text
            .optional()
            .describe("Resource pool below the target host's own, `/` between names, `%2f` for a slash in one."),
        })
        .prefault({})
        .describe("Where VMs are registered. Without it, at the top of both."),
      store: z
        .union(
          [
            z.strictObject({
              sqlite: path(references).describe("SQLite file, on a local disk."),
              keep: days().describe(KEEP),
              group: text
                .optional()
                .describe(
                  "Group whose accounts share the store: its folder, with locks, audit heads and log, becomes theirs (2770, files 0660). A setgid folder that the group may write does the same.",
                ),
            }),
            z.strictObject({
              postgres: secret(references).describe("The whole URL of a PostgreSQL database (docs/deploy.md)."),
              keep: days().describe(KEEP),
            }),
          ],
          {
            error:
              "must be one of {sqlite: PATH} and {postgres: {env: NAME}} or {postgres: {file: PATH}}, where the secret is the whole URL",
          },
        )
        .optional()
        .transform((given): Store => {
          if (given === undefined) return { kind: "sqlite", path: join(stateDir, "atvm.db") };
          const { keep: keepDays } = given;
          if ("sqlite" in given) return { kind: "sqlite", path: given.sqlite, group: given.group, keepDays };
          return { kind: "postgres", url: given.postgres, heads: join(stateDir, "audit-heads.log"), keepDays };
        })
        .describe(
          "Plans, runs and audit. Without it, `atvm/atvm.db` below `$XDG_STATE_HOME` or `~/.local/state`; required where more than one account can read the configuration.",
        ),
      admins: z
        .array(text)
        .default([])
        .describe(
          "Accounts of this machine that may discard plans and cancel runs of others, and alone make tokens. Without any, nobody may the first, and everybody who can write the store the second.",
        ),
      http: http(references),
      runs: z
        .enum(["own", "worker"])
        .default("own")
        .describe(
          "Who carries confirmed runs out. `own`: a process that the server or command starts. `worker`: the first free `atvm_prep worker` on this store.",
        ),
      log: z
        .strictObject({
          dir: path(references).optional().describe("Folder of `atvm_prep.log`. Without it, `log` beside the store."),
          level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("The least that is written."),
        })
        .prefault({})
        .describe("The log."),
      limits: z
        .strictObject({
          powerOffs: count(16, 64).describe("VMs powered off at once on a host."),
          unregistrations: count(8, 64).describe("VMs unregistered at once on a host."),
          registrations: count(8, 64).describe("VMs registered at once on a host."),
          powerOff: optionalCount(64).describe("Former name of `powerOffs`."),
          unregister: optionalCount(64).describe("Former name of `unregistrations`."),
          register: optionalCount(64).describe("Former name of `registrations`."),
          queue: duration("15m").describe("How long a queued run waits for a worker (`runs: worker`)."),
          openPlans: count(20, 1000).describe("Open plans of one principal."),
          guestShutdown: duration("5m").describe("How long guests of gold VMs may take to shut down."),
          busyTries: count(5, 100).describe(
            "How often a call is made that vCenter refuses because something else is at it.",
          ),
          busyPause: duration("10s").describe("The pause between two such tries."),
          deviceWait: duration("2m").describe(
            "How long a disk or a VMFS copy may take to show up on the host, or to go.",
          ),
          connect: duration("10s").describe("Time for a connection to either system, TLS included."),
          arrayCall: duration("30s").describe("Time for one call to the array."),
          arrayJob: duration("30m").describe("Time for one job of the array."),
          dgsCall: optionalDuration().describe("Former name of `arrayCall`."),
          dgsJob: optionalDuration().describe("Former name of `arrayJob`."),
          vcenterCall: duration("2m").describe("Time for one call to vCenter."),
          vcenterTask: duration("15m").describe("Time for one task of vCenter."),
          rescan: duration("15m").describe("Time for one call that works on a host's storage, such as a rescan."),
        })
        .prefault({})
        .transform(withFormerLimits)
        .describe("How much at once, and how long."),
    })
    .superRefine(checkArraySections, ALSO_THEN)
    .check(({ value, issues }) => {
      issues.push(...contradictionsIn(value));
    })
    .transform(({ array, dgs, ...checked }) => {
      const { store, log } = checked;
      const besideStore = store.kind === "sqlite" ? dirname(store.path) : stateDir;
      return { ...checked, array: arrayOf({ array, dgs }), log: { ...log, dir: log.dir ?? join(besideStore, "log") } };
    });

type Store = { readonly keepDays?: number | undefined } & (
  | { readonly kind: "sqlite"; readonly path: string; readonly group?: string | undefined }
  /** `heads`: the file of audit heads of this machine. */
  | { readonly kind: "postgres"; readonly url: Secret; readonly heads: string }
);

const KEEP =
  "How long ended runs, their plans and the audit are kept, in days such as `90d`, 7 at least. Without it, for ever. Runs that plans go by stay (docs/security.md, which also says how the audit is cut).";

let published: Record<string, unknown> | undefined;

/** The JSON Schema (draft 2020-12) of a configuration file, for editors and `config schema`. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  published ??= {
    ...z.toJSONSchema(configSchema({ path: (written) => written, env: {} }, "/"), { io: "input" }),
    title: "atvm_prep configuration",
  };
  return published;
}
