/**
 * The main job from end to end, as an assistant would do it for an operator: the lab runs as its own process, as a
 * site's array and vCenter do; the server is a child of the client and is spoken to over stdio. Ends with 1 if the lab
 * does not show what was promised. Its arguments are the lab's: `npm run demo -- --array ontap`.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { parse } from "yaml";
import { z } from "zod";
import { type LabState, startLabProcess } from "./lab-process.ts";

const CLIENT = "CDS1-ESX165";

const bold = (text: string): string => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
const dim = (text: string): string => (process.stdout.isTTY ? `\x1b[2m${text}\x1b[22m` : text);
const heading = (text: string): void => console.log(`\n${bold(text)}\n`);
const indented = (text: string): string => text.replace(/^(?=.)/gm, "    ");

const plan = z.object({ planId: z.string(), planToken: z.string(), command: z.string(), steps: z.array(z.unknown()) });
const config = z.object({ luns: z.object({ Gold: z.string() }) });
const run = z.object({ runId: z.string(), state: z.string() });
const contents = z.array(z.looseObject({ type: z.string(), text: z.string().optional() }));

/** What the host of `CLIENT` has, in the words of the table. */
function look(state: LabState, lun: string) {
  const gold = state.volumes.find(({ name, kind }) => name === lun && kind === "gold");
  const client = state.clients.find(({ name }) => name === CLIENT);
  const host = state.hosts.find(({ name }) => name === client?.hostAddress);
  const assigned = state.volumes.filter(({ id }) =>
    state.assignments.some(({ volumeId, clientId }) => volumeId === id && clientId === client?.id),
  );
  const snapshots = state.snapshots.filter(({ volumeId }) => volumeId === gold?.id);
  return {
    gold,
    assigned,
    mounts: host?.mounts ?? [],
    snapshots: snapshots.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)),
    clones: state.volumes.filter(({ parentVolumeId }) => gold !== undefined && parentVolumeId === gold.id),
    vms: state.vms.filter(({ host: on }) => on === host?.name),
  };
}
type Look = ReturnType<typeof look>;

/** A clone's name without gold's, which is in front of it and long. */
const shortOf = (name: string, gold = ""): string =>
  name !== gold && name.startsWith(gold) ? `…${name.slice(gold.length)}` : name;

function rows({ gold, assigned, mounts, snapshots, clones, vms }: Look): [string, string][] {
  const from = (id: string | null): string => snapshots.find((snapshot) => snapshot.id === id)?.name ?? "?";
  const short = (name: string): string => shortOf(name, gold?.name);
  const on = vms.filter(({ powerState }) => powerState === "poweredOn").length;
  return [
    ["assigned to the client", assigned.map(({ name }) => short(name)).join(", ") || "nothing"],
    ["made from the snapshot", assigned.map(({ parentSnapshotId }) => from(parentSnapshotId)).join(", ") || "-"],
    [
      "mounted on the host",
      mounts.map(({ datastore, forceMounted }) => `${datastore}${forceMounted ? ", forced" : ""}`).join(", ") ||
        "nothing",
    ],
    ["VMs registered", vms.length === 0 ? "none" : `${vms.length}, ${on} of them running`],
    ["clones of gold", String(clones.length)],
    ["gold's content and snapshots", `version ${gold?.dataVersion}, ${snapshots.length} snapshots`],
  ];
}

function table(before: Look, after?: Look): string {
  const left = rows(before);
  const right = after === undefined ? [] : rows(after);
  const wide = Math.max(...left.map(([, value]) => value.length), "before".length);
  const line = (name: string, a: string, b = ""): string =>
    `    ${name.padEnd(30)}${after === undefined ? a : a.padEnd(wide + 3) + b}`.trimEnd();
  return [
    ...(after === undefined ? [] : [dim(line("", "before", "after"))]),
    ...left.map(([name, value], at) => line(name, value, right[at]?.[1])),
  ].join("\n");
}

/** What the demo promises, checked against the lab's own account. */
function promises(before: Look, after: Look): [string, boolean][] {
  const [clone] = after.assigned;
  const [old] = before.assigned;
  const [mount] = after.mounts;
  return [
    [
      "a new clone is assigned, and nothing else",
      after.assigned.length === 1 && clone?.kind === "clone" && clone.id !== old?.id,
    ],
    ["it was made from gold's latest snapshot", clone?.parentSnapshotId === after.snapshots[0]?.id],
    [
      "it is what the host has force-mounted",
      after.mounts.length === 1 && mount?.naa === `naa.${clone?.guid}` && mount.forceMounted && mount.accessible,
    ],
    ["the old clone is gone", after.clones.every(({ id }) => id !== old?.id)],
    [
      "gold is untouched",
      JSON.stringify([after.gold, after.snapshots]) === JSON.stringify([before.gold, before.snapshots]),
    ],
  ];
}

/** Calls a tool and returns what it says to people and to programs. */
async function call<T>(client: Client, schema: z.ZodType<T>, name: string, args: Record<string, unknown>) {
  const shown = new Set<string>();
  const result = await client.callTool(
    { name, arguments: args },
    {
      timeout: 60_000,
      onprogress: ({ progress, total, message }) => {
        // Steps under way count in part: their number is that of the steps that are done.
        const line = `    ${String(Math.floor(progress)).padStart(2)}/${total}  ${message}`;
        if (!shown.has(line)) console.log(line);
        shown.add(line);
      },
    },
  );
  const [first] = contents.parse(result.content);
  const text = first?.text ?? "";
  if (result.isError === true) throw new Error(`${name} was refused:\n${text}`);
  return { text, data: schema.parse(result.structuredContent) };
}

async function demo(folder: string, flags: readonly string[]): Promise<boolean> {
  const latency = ["--latency", "dgs=50ms,vim=50ms,task=300ms,rescan=300ms"];
  const lab = await startLabProcess(join(folder, "lab.yaml"), [...latency, ...flags]);
  const { luns } = config.parse(parse(await readFile(lab.config, "utf8")));
  const client = new Client({ name: "demo-assistant", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  try {
    const before = look(await lab.state(), luns.Gold);
    heading(`The array and the host now (${CLIENT})`);
    console.log(table(before));

    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: ["dist/main.js", "serve", "--config", lab.config],
        stderr: "inherit",
      }),
    );
    heading('Operator: "Prep Gold for automated testing."');
    console.log(dim('    The assistant calls prep_automated_testing {"lun": "Gold"}. Nothing is changed by that.\n'));
    const planned = await call(client, plan, "prep_automated_testing", { lun: "Gold" });
    console.log(indented(planned.text));

    heading('Operator: "Yes, go ahead."');
    console.log(dim("    The assistant calls confirm_plan with the plan's token, and nothing else.\n"));
    let done = await call(client, run, "confirm_plan", { planToken: planned.data.planToken });
    while (done.data.state === "queued" || done.data.state === "running") {
      done = await call(client, run, "get_run", { runId: done.data.runId, waitSeconds: 20 });
    }
    console.log(`\n${indented(done.text)}`);

    const after = look(await lab.state(), luns.Gold);
    heading("The array and the host, from the lab's own /state");
    console.log(table(before, after));
    console.log("");
    const kept = promises(before, after);
    for (const [what, holds] of kept) console.log(`    ${holds ? "✓" : "✗"} ${what}`);
    return done.data.state === "succeeded" && kept.every(([, holds]) => holds);
  } finally {
    await client.close();
    await lab.stop();
  }
}

const started = performance.now();
const folder = await mkdtemp(join(tmpdir(), "atvm-demo-"));
try {
  const good = await demo(folder, process.argv.slice(2));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    good
      ? `\n${bold("Done")} in ${seconds} s: all of it over real HTTPS, SOAP and MCP.`
      : "\nThe demo did not keep its promises.",
  );
  process.exitCode = good ? 0 : 1;
} catch (thrown) {
  console.error(`\n${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
