/** The commands and their flags. What a command does is imported when it is called. */
import { Command, CommanderError } from "commander";
import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import { ROLES } from "../core/domain/roles.ts";
import { VERSION } from "../platform/version.ts";
import { CONFIG_FLAG, type Flag, OPTION_FLAGS, optionName, PREP_FLAGS, prepCommandOf } from "./args/flags.ts";
import { helpPage } from "./args/help.ts";
import { INIT_FLAGS, initFlags } from "./args/init-flags.ts";
import { instantOf, TIME } from "./args/instant.ts";
import { usageError } from "./args/usage-error.ts";
import { type Context, makeContext, type OpenApp } from "./context.ts";
import { type Io, printOut } from "./terminal/io.ts";

export type Job = () => Promise<number>;

/** What the words ask for, not yet begun. Help and version are printed at once. Errors: `BAD_REQUEST`. */
export function parseCommand(words: readonly string[], io: Io, openApp: OpenApp): Job {
  let job: Job | undefined;
  const program = buildProgram(io, openApp, (chosen) => {
    job = chosen;
  });
  let failed = program;
  onFailure(program, (command) => {
    failed = command;
  });
  try {
    program.parse([...words], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return async () => 0;
    throw usageError(thrown, words, failed);
  }
  if (job === undefined)
    throw new PrepError("BAD_REQUEST", "There is no such command.", { hint: "See `atvm_prep --help`." });
  return job;
}

/** Which command it is that a line cannot be parsed for; the parser's error does not say. */
function onFailure(command: Command, note: (command: Command) => void): void {
  command.exitOverride((thrown) => {
    note(command);
    throw thrown;
  });
  for (const one of command.commands) onFailure(one, note);
}

const text = z.string().optional();
const common = z.object({ config: text, json: z.boolean().default(false) });
const answering = z.object({
  foreground: z.boolean().default(false),
  reason: text,
  yes: z.boolean().default(false),
  yesRollback: text,
  dryRun: z.boolean().default(false),
});
const serving = z.object({ lab: z.boolean().default(false), http: z.union([z.string(), z.boolean()]).optional() });
const on = z.boolean().default(false);
const clientFlags = z.object({
  ...{ lab: on, write: on, remote: z.string(), tokenEnv: z.string(), name: z.string() },
  ...{ ssh: z.union([z.string(), z.literal(true)]).optional(), http: text, file: text },
});
const count = z.coerce.number().int().positive().optional();

/** Errors: `BAD_REQUEST`, naming the flag but not its value. */
function parseFlags<T extends z.ZodObject>(schema: T, options: unknown): z.output<T> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const flag = String(parsed.error.issues[0]?.path[0] ?? "");
  throw new PrepError("BAD_REQUEST", `Option ${optionName(flag)} has an invalid value.`, {
    hint: "See `atvm_prep --help`.",
  });
}

function buildProgram(io: Io, openApp: OpenApp, choose: (job: Job) => void): Command {
  const program = new Command("atvm_prep")
    .configureOutput({ writeOut: (out) => io.stdout.write(out), writeErr: () => undefined })
    .helpCommand(false)
    .version(VERSION)
    .option(spelled(CONFIG_FLAG), CONFIG_FLAG.text)
    .option("--json");
  program.helpInformation = () => `${helpPage()}\n`;

  /** Decides that `run` is to be done, with what every command has. */
  const act = (
    command: Command,
    run: (context: Context, args: readonly string[], options: unknown) => Promise<number>,
  ) =>
    command.action(() => {
      const options: unknown = command.optsWithGlobals();
      const { config, json } = common.parse(options);
      choose(() => run(makeContext({ io, openApp, json, config }), command.args, options));
    });
  const add = (parent: Command, name: string, summary: string, hidden = false): Command =>
    parent
      .command(name, { hidden })
      .description(summary)
      .option(spelled(CONFIG_FLAG), CONFIG_FLAG.text)
      .option("--json", "one JSON document on standard output");

  const prep = program.command("prep", { isDefault: true, hidden: true });
  prep.helpInformation = program.helpInformation;
  for (const flag of PREP_FLAGS) prep.option(spelled(flag), flag.text);
  prep.option(spelled(CONFIG_FLAG), CONFIG_FLAG.text);
  act(prep, async (context, _args, options) => {
    const command = prepCommandOf(options);
    return (await import("./commands/prep.ts")).prep(command, context);
  });

  act(
    program
      .command("serve")
      .description("MCP server on standard input and output, or with --http for many")
      .option(spelled(CONFIG_FLAG), CONFIG_FLAG.text)
      .option("--lab", "start a simulated array and vCenter, and work on these")
      .option("--http [ADDRESS]", "over HTTP, at [HOST:]PORT or as http.listen says (default: 127.0.0.1:8321)"),
    async (context, _args, options) => {
      const { lab, http } = parseFlags(serving, options);
      if (http === undefined) return (await import("./commands/serve.ts")).serve(lab, context);
      const address = typeof http === "string" ? http : undefined;
      return (await import("./commands/serve-http.ts")).serveHttp({ lab, address }, context);
    },
  );

  const lab = add(program, "lab", "a simulated array and vCenter on loopback, until Ctrl-C")
    .option("--scenario <NAME>", "the state of things at the start (default: clone-assigned)")
    .option("--vms <N>", "VMs on each datastore")
    .option("--running <N>", "how many of them run")
    .option("--clients <N>", "clients, in the scenario fleet")
    .option("--dgs-port <PORT>", "the array's port (default: a free one)")
    .option("--vcenter-port <PORT>", "the vCenter's port (default: a free one)")
    .option("--latency <LIST>", "such as dgs=20ms,vim=5ms,task=500ms,rescan=2s,clone=10s,unresolved=1s")
    .option("--lag <LIST>", "what appears late, such as disk=1rescan,volume=2rescans,datastore=3reads or =500ms")
    .option("--array <KIND>", "which array it is, as array.kind of a configuration says it")
    .option("--write-config <FILE>", "write a complete configuration for it");
  act(lab, async (context, _args, options) => (await import("./commands/lab.ts")).lab(options, context));

  const where = (command: Command): Command =>
    command
      .option("-c, --client_name <CLIENT>", "this client, or a part of its name that only it has")
      .option("-e, --esx_host_ip <HOST>", "this host, or a part of its address that only it has")
      .option("-n, --dgs_lun_name <LUN>", "this LUN first");
  const whereOf = (options: unknown) => {
    const given = parseFlags(z.object({ client_name: text, esx_host_ip: text, dgs_lun_name: text }), options);
    return present({ client: given.client_name, host: given.esx_host_ip, lun: given.dgs_lun_name });
  };
  act(where(add(program, "status", "each host: what it holds, what is under way")), async (context, _args, options) =>
    (await import("./commands/inventory.ts")).status(whereOf(options), context),
  );
  act(add(program, "luns", "the gold LUNs, their clones, and who holds them"), async (context) =>
    (await import("./commands/inventory.ts")).luns(context),
  );
  act(
    add(program, "snapshots", "a gold LUN's snapshots, newest first").argument("<LUN>"),
    async (context, [lun = ""]) => (await import("./commands/inventory.ts")).snapshots(lun, context),
  );
  act(where(add(program, "vms", "the VMs on what a host holds")), async (context, _args, options) =>
    (await import("./commands/inventory.ts")).vms(whereOf(options), context),
  );

  const planning = add(program, "plan", "a plan that is not carried out now");
  for (const flag of PREP_FLAGS.filter(({ long }) => !/^--(yes|yes-rollback|foreground|json|vcenter_\w+)$/.test(long)))
    planning.option(spelled(flag), flag.text);
  planning.option("--leave", "leave it open, for a colleague to approve");
  act(planning, async (context, _args, options) => {
    const { leave } = parseFlags(z.object({ leave: z.boolean().default(false) }), options);
    const command = prepCommandOf(options);
    const { leavePlan, prep } = await import("./commands/prep.ts");
    return leave ? leavePlan(command, context) : prep({ ...command, dryRun: true }, context);
  });
  const confirming = add(program, "confirm", "carry out a plan that was left, by its token").argument("<TOKEN>");
  for (const flag of OPTION_FLAGS.filter(({ long }) => /^--(yes|yes-rollback|foreground)$/.test(long)))
    confirming.option(spelled(flag), flag.text);
  act(confirming, async (context, [token = ""], options) => {
    const { yes, foreground, yesRollback } = parseFlags(answering, options);
    const how = { yes, foreground, dryRun: false, ...present({ yesRollback }) };
    return (await import("./commands/prep.ts")).confirmPlan(token, how, context);
  });

  const listing = add(program, "plans", "open plans");
  act(listing, async (context) => (await import("./commands/plans.ts")).plans(context));
  act(add(listing, "show", "one plan in full").argument("<PLAN>"), async (context, [id = ""]) =>
    (await import("./commands/plans.ts")).showPlan(id, context),
  );
  const dropping = add(listing, "discard", "drop a plan of your own").argument("[PLAN]").option("--all", "all of them");
  act(dropping, async (context, [id], options) => {
    const { all } = parseFlags(z.object({ all: z.boolean().default(false) }), options);
    return (await import("./commands/plans.ts")).discardPlans(id, all, context);
  });

  const approving = add(program, "approve", "approve a plan that an assistant made").argument("<PLAN>");
  act(approving, async (context, [plan = ""]) => (await import("./commands/approve.ts")).approve(plan, context));

  const history = add(program, "runs", "runs, newest first")
    .option("-c, --client_name <CLIENT>", "of this client only")
    .option("-n, --dgs_lun_name <LUN>", "of this LUN only")
    .option("--limit <N>", "at most this many");
  act(history, async (context, _args, options) => {
    const filter = parseFlags(z.object({ client_name: text, dgs_lun_name: text, limit: count }), options);
    return (await import("./commands/runs.ts")).runs(
      present({ client: filter.client_name, lun: filter.dgs_lun_name, limit: filter.limit }),
      context,
    );
  });

  const run = program.command("run").description("one run");
  act(add(run, "show", "how far it is").argument("<RUN>"), async (context, [id = ""]) =>
    (await import("./commands/runs.ts")).showRun(id, context),
  );
  act(add(run, "watch", "follow it to its end").argument("<RUN>"), async (context, [id = ""]) =>
    (await import("./commands/runs.ts")).watchRun(id, context),
  );
  const resume = add(run, "resume", "plan what it left, and carry that out").argument("<RUN>");
  for (const flag of OPTION_FLAGS.filter(({ long }) => /^--(reason|dry-run|yes|yes-rollback|foreground)$/.test(long))) {
    resume.option(spelled(flag), flag.text);
  }
  act(resume, async (context, [id = ""], options) => {
    const { yesRollback, reason, ...given } = parseFlags(answering, options);
    const how = { ...given, ...present({ yesRollback, reason }) };
    return (await import("./commands/runs.ts")).resumeRun(id, how, context);
  });
  act(add(run, "cancel", "stop it before its next step").argument("<RUN>"), async (context, [id = ""]) =>
    (await import("./commands/runs.ts")).cancelRun(id, context),
  );

  const audit = program.command("audit").description("who did what, and when");
  const auditRows = add(audit, "show", "the newest rows, newest last")
    .option("--since <TIME>", `from ${TIME} on`)
    .option("--until <TIME>", `before ${TIME}`)
    .option("--type <TYPE>", "of this type, such as plan_approved")
    .option("--actor <NAME>", "by actors with this in their name")
    .option("--tool <TOOL>", "calls of this tool of the MCP server")
    .option("--lun <LUN>", "about this gold LUN, by name or shorthand")
    .option("--steps", "also the rows of single steps")
    .option("--plan <PLAN>", "of this plan")
    .option("--run <RUN>", "of this run")
    .option("--limit <N>", "at most this many");
  act(auditRows, async (context, _args, options) => {
    const flags = z.object({ type: text, actor: text, tool: text, lun: text, plan: text, run: text, limit: count });
    const times = z.object({ since: text, until: text, steps: z.boolean().default(false) });
    const { plan: planId, run: runId, since, until, ...given } = parseFlags(flags.extend(times.shape), options);
    const when = { since: instantOf("--since", since), until: instantOf("--until", until) };
    const filter = present({ ...given, ...when, planId, runId });
    return (await import("./commands/audit.ts")).showAudit(filter, context);
  });
  act(
    add(audit, "who", "what was done to a volume or a VM, or in a run: by whom, approved by whom").argument(
      "<VOLUME|VM|RUN>",
    ),
    async (context, [name = ""]) => (await import("./commands/audit.ts")).auditWho(name, context),
  );
  const verifying = add(audit, "verify", "whether the chain holds").option(
    "--file <EXPORT>",
    "that of an exported file",
  );
  act(verifying, async (context, _args, options) => {
    const { file } = parseFlags(z.object({ file: text }), options);
    const { verifyAudit, verifyExport } = await import("./commands/audit.ts");
    return file === undefined ? verifyAudit(context) : verifyExport(file, context);
  });
  const exporting = add(audit, "export", "all rows, one a line")
    .option("--since <TIME>", `from ${TIME} on`)
    .option("--format <FORMAT>", "jsonl (the default, which verify takes), ocsf or rfc5424 (syslog)");
  act(exporting, async (context, _args, options) => {
    const { EXPORT_FORMATS } = await import("../text/audit-export.ts");
    const flags = z.object({ since: text, format: z.enum(EXPORT_FORMATS).default("jsonl") });
    const { since, format } = parseFlags(flags, options);
    const filter = present({ since: instantOf("--since", since) });
    return (await import("./commands/audit.ts")).exportAudit(filter, format, context);
  });

  const token = program.command("token").description("bearer tokens for serve --http");
  const making = add(token, "create", "make one; it is printed this once")
    .argument("[NAME]", "whom it is for (default: this account)")
    .requiredOption("--role <ROLE>", `what its holder may: ${ROLES.join(", ")}`)
    .option("--expires <TIME>", "how long it holds: 90d, 12h, 30m (default: 90d)");
  act(making, async (context, [name], options) => {
    const flags = z.object({ role: z.enum(ROLES), expires: z.string().default("90d") });
    const { role, expires } = parseFlags(flags, options);
    return (await import("./commands/tokens.ts")).createToken({ ...present({ name }), role, expires }, context);
  });
  act(add(token, "list", "those that there are, newest first"), async (context) =>
    (await import("./commands/tokens.ts")).listTokens(context),
  );
  act(add(token, "revoke", "end one, at once").argument("<TOKEN>", "its id"), async (context, [id = ""]) =>
    (await import("./commands/tokens.ts")).revokeToken(id, context),
  );

  const working = add(program, "worker", "carry out what is queued on the store (`runs: worker`), until Ctrl-C")
    .option("--at-once <N>", "at most so many runs side by side (default: 4)")
    .option("--drain", "on SIGTERM, wait for the runs that it took: for containers, whose end is that of their runs");
  act(working, async (context, _args, options) => {
    const { atOnce = 4, drain = false } = parseFlags(
      z.object({ atOnce: count, drain: z.boolean().exactOptional() }),
      options,
    );
    return (await import("./commands/worker.ts")).worker({ atOnce, drain }, context);
  });
  const store = program.command("store").description("the store itself");
  act(
    add(store, "copy", "move a store from its file to the database that the configuration names").argument("<FILE>"),
    async (context, [file = ""]) => (await import("./commands/store.ts")).copyStore(file, context),
  );
  act(add(store, "prune", "remove what is older than `store.keep`, as each run's end does"), async (context) =>
    (await import("./commands/store.ts")).pruneStore(context),
  );
  const entering = add(program, "console", "a link that signs you in to the approval console, once")
    .option("--role <ROLE>", "what you may there: viewer, approver, admin (default: approver)")
    .option("--name <NAME>", "for somebody else, by the name of their token")
    .option("--url <URL>", "the server's address, where it is not the configured one");
  act(entering, async (context, _args, options) => {
    const flags = z.object({
      role: z.enum(["viewer", "approver", "admin"]).default("approver"),
      name: text,
      url: text,
    });
    const { role, name, url } = parseFlags(flags, options);
    return (await import("./commands/console.ts")).openConsole({ role, ...present({ name, url }) }, context);
  });

  act(add(program, "doctor", "check everything a site needs"), async (context) =>
    (await import("./commands/doctor.ts")).doctor(context),
  );
  const starting = add(program, "init", "write a commented configuration, tried on the systems").argument("[FILE]");
  for (const flag of INIT_FLAGS) starting.option(spelled(flag), flag.text);
  act(starting, async (context, [file], options) =>
    (await import("./commands/init.ts")).init(file, parseFlags(initFlags, options), context),
  );
  const connecting = add(program, "client-config", "the entry for this server in an assistant's program")
    .argument("<CLIENT>", "claude-desktop, claude-code, vscode, cursor, codex or gemini")
    .option("--ssh [DESTINATION]", "over ssh, such as atvm@controller (default: the configured controller)")
    .option("--remote <COMMAND>", "what ssh starts there", "atvm_prep serve")
    .option("--http <URL>", "over HTTP, where `serve --http` is reached")
    .option("--token-env <NAME>", "variable of the client that holds the token", "ATVM_TOKEN")
    .option("--lab", "with a simulated array and vCenter")
    .option("--name <NAME>", "what the client calls the server", "atvm-prep")
    .option("--write", "put it into the client's file, and leave what else is in it")
    .option("--file <FILE>", "into this file, such as a project's own");
  act(connecting, async (context, [client = ""], options) => {
    const { ssh, http, file, ...given } = parseFlags(clientFlags, options);
    const flags = { ...given, ...present({ ssh, http, file }) };
    return (await import("./commands/client-config.ts")).clientConfig(client, flags, context);
  });
  act(
    add(program, "completion", "completion for bash, zsh or fish").argument("<SHELL>"),
    async (context, [shell = ""]) => (await import("./commands/completion.ts")).completion(shell, context),
  );
  act(add(program, "complete", "", true).argument("[WORDS...]"), async (context, words) =>
    (await import("./commands/completion.ts")).complete(program, words, context),
  );
  const config = program.command("config").description("the configuration");
  act(add(config, "schema", "its JSON Schema"), async (context) => {
    const { configJsonSchema } = await import("../config/schema.ts");
    printOut(context.io, JSON.stringify(configJsonSchema(), undefined, 2));
    return 0;
  });

  act(add(program, "execute-run", "", true).argument("<RUN>"), async (context, [id = ""]) =>
    (await import("./commands/execute-run.ts")).executeRun(id, context),
  );
  return program;
}

const spelled = ({ short, long, value }: Flag): string =>
  // Multi-letter short flags have become long ones by now (`normalizeArgv`).
  [short?.length === 2 ? short : undefined, value === undefined ? long : `${long} <${value}>`]
    .filter((part) => part !== undefined)
    .join(", ");

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function present<T extends object>(given: T): Present<T>;
function present(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
