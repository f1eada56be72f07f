/**
 * What each client is judged by: a preparation from its first call to its report, by nothing but what the client hands on to
 * its model, or prints. The setup is this process's last argument.
 */
import { spawn } from "node:child_process";

/**
 * `{main, folder, config, sites, many, away, url, token}`: two sites with a `toolPrefix` each, one with hundreds of VMs, one
 * whose host is disconnected, one over HTTP.
 */
export const setup = JSON.parse(process.argv.at(-1));

export const serverOf = (config) => ({ command: process.execPath, args: [setup.main, "serve", "--config", config] });
export const server = serverOf(setup.config);

const TOKEN = /pt_[A-Za-z0-9_-]+/;

export async function check(name, body) {
  try {
    await body();
    process.stdout.write(`ok ${name}\n`);
  } catch (error) {
    const why = `${error.message ?? error}`.replaceAll(/\s+/g, " ").slice(0, 500);
    process.stdout.write(`not ok ${name}: ${why}\n`);
  }
}

export function holds(isSo, what, shown) {
  if (!isSo) throw new Error(`${what}: ${String(shown).slice(0, 300)}`);
}

/** Whatever a client hands on, as its model reads it. */
export const seen = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * `call(tool, args)` gives what is handed on, or throws it. `nulls`: optional arguments that a model gives as null or empty
 * pass this client.
 */
export async function judge(name, { names, call, nulls = true }) {
  const shown = (tool, args) => call(tool, args).then(seen, (error) => seen(error.message));
  if (names !== undefined) {
    await check(`${name}: has all the tools`, async () => {
      const listed = await names();
      holds(listed.length === 19 && listed.some((one) => one.endsWith("confirm_plan")), "tools", listed);
    });
  }
  await check(`${name}: a refusal is one, with its code and the way on`, async () => {
    const refused = await shown("list_snapshots", { lun: "Nope" });
    holds(refused.includes("UNKNOWN_LUN") && refused.includes("list_luns"), "shown", refused);
  });
  let token;
  await check(`${name}: a plan shows its command, what is lost, and how it goes on`, async () => {
    const optional = nulls ? { snapshot: null, client: null, host: "", keepClone: null, reason: "" } : {};
    const plan = await shown("prep_automated_testing", { lun: "Gold", ...optional });
    for (const part of ["atvm_prep -A", "AutomatedTest-VMBootImg-Gold", "clone", "confirm_plan"])
      holds(plan.includes(part), `no ${part} in what is shown`, plan);
    holds(!plan.includes("resource_link"), "a link", plan);
    token = TOKEN.exec(plan)?.[0];
    holds(token !== undefined, "no token", plan);
  });
  await check(`${name}: the confirmed plan runs to its report`, async () => {
    let run = await shown("confirm_plan", { planToken: token });
    const runId = /run_[A-Za-z0-9_-]+/.exec(run)?.[0];
    for (let tries = 0; runId !== undefined && !run.includes("succeeded") && tries < 4; tries += 1)
      run = await shown("get_run", { runId, waitSeconds: 30 });
    holds(run.includes("succeeded"), "shown", run);
    holds(/datastore/i.test(run), "no report", run);
  });
}

/** Runs a command line client to its end: what it printed, thrown where it failed. */
export function printed(command, args, { env = {}, input } = {}) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    out += chunk;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(out))));
  });
}
