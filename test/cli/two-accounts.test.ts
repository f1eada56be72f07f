/** Two accounts of this machine in one group, on one configuration and one store: made here, and gone afterwards. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { withLab } from "../support/lab.ts";
import { modernOn } from "../support/mcp-clients.ts";
import { isThere } from "../support/required.ts";
import { hasSshd, startSshd } from "../support/sshd.ts";

const GROUP = "atvm-tests";
const [ALICE, BOB] = ["atvm-alice", "atvm-bob"];
const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

const asRoot = process.getuid?.() === 0;
const remove = (): void => {
  for (const user of [ALICE, BOB]) quietly("userdel", "-f", user);
  quietly("groupdel", GROUP);
};
const quietly = (command: string, ...words: string[]): void => {
  try {
    execFileSync(command, words, { stdio: "ignore" });
  } catch {
    // It was not there.
  }
};

const hasSudo = existsSync("/usr/bin/sudo");

/** Whether sshd's PAM module can set who signed in: not every container lets it. */
function keepsLogins(): boolean {
  try {
    execFileSync("sh", ["-c", "echo 1 > /proc/self/loginuid"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!isThere(asRoot, "Root, who makes accounts"))("two accounts of one group", () => {
  let dir: string;
  let config: string;

  /** What this account runs the program with: a Node and a build that it may read. */
  const words = (account: string, ...command: string[]): string[] => [
    "-u",
    account,
    "--",
    "env",
    "-i",
    `HOME=${dir}/home/${account}`,
    "PATH=/usr/bin:/bin",
    join(dir, "node"),
    join(dir, "dist", "main.js"),
    ...command,
    "--config",
    config,
  ];
  const run = async (account: string, ...command: string[]): Promise<{ out: string; err: string; exit: number }> => {
    const ended = await promisify(execFile)("runuser", words(account, ...command), { cwd: dir }).then(
      ({ stdout, stderr }) => ({ out: stdout, err: stderr, exit: 0 }),
      (thrown: { stdout: string; stderr: string; code: number }) => ({
        out: thrown.stdout,
        err: thrown.stderr,
        exit: thrown.code,
      }),
    );
    return ended;
  };
  const json = async (account: string, ...command: string[]): Promise<Record<string, unknown>> => {
    const { out, err } = await run(account, ...command, "--json");
    if (out === "") throw new Error(err);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(out));
  };
  /** A file that the group may read, and nobody else. */
  const give = async (path: string, gid: number): Promise<void> => {
    await chown(path, 0, gid);
    await chmod(path, 0o640);
  };
  const configured = async (more: object): Promise<void> => {
    const written = z.looseObject({}).parse(parse(await readFile(config, "utf8")));
    await writeFile(config, stringify({ ...written, ...more }));
  };
  let control: Awaited<ReturnType<typeof withLab>>["control"];

  beforeAll(async () => {
    remove();
    execFileSync("groupadd", [GROUP]);
    for (const user of [ALICE, BOB]) execFileSync("useradd", ["-M", "-G", GROUP, user]);
    const gid = Number(execFileSync("getent", ["group", GROUP], { encoding: "utf8" }).split(":")[2]);
    dir = await mkdtemp(join(tmpdir(), "atvm-two-"));
    await chmod(dir, 0o755);
    for (const user of [ALICE, BOB]) {
      await mkdir(join(dir, "home", user), { recursive: true });
      execFileSync("chown", [user, join(dir, "home", user)]);
    }
    await cp(DIST, join(dir, "dist"), { recursive: true });
    await cp(process.execPath, join(dir, "node"));
    config = join(dir, "atvm.config.yaml");
    control = (await withLab({ writeConfig: config })).control;
    await mkdir(join(dir, "site"));
    await chown(join(dir, "site"), 0, gid);
    await chmod(join(dir, "site"), 0o770);
    const { log: _, ...written } = z.looseObject({ log: z.unknown() }).parse(parse(await readFile(config, "utf8")));
    const store = { sqlite: join(dir, "site", "state", "atvm.db"), group: GROUP };
    await writeFile(
      config,
      stringify({ ...written, store, approval: { default: "token", rollback: "human", cli: "allow" } }),
    );
    for (const name of (await readdir(dir)).filter((file) => file.startsWith("atvm.config")))
      await give(join(dir, name), gid);
  }, 60_000);

  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
    remove();
  });

  /** Every file and folder of the store, with its mode and group. */
  const modes = async (): Promise<string[]> => {
    const state = join(dir, "site", "state");
    const names = ["", ...(await readdir(state, { recursive: true }))];
    const gids = new Set<number>();
    const wrong: string[] = [];
    for (const name of names) {
      const found = await stat(join(state, name)).catch(() => undefined);
      if (found === undefined) continue;
      gids.add(found.gid);
      const wanted = found.isDirectory() ? 0o2770 : 0o660;
      if ((found.mode & 0o7777) !== wanted) wrong.push(`${name} ${(found.mode & 0o7777).toString(8)}`);
    }
    expect(gids.size).toBe(1);
    return wrong;
  };

  it("plan, approve and run on one store, each as themselves", { timeout: 180_000 }, async () => {
    const prepared = await json(ALICE, "-M", "-n", "Gold", "--yes");
    expect(prepared).toMatchObject({ state: "succeeded" });
    expect(await modes()).toEqual([]);
    const { runs } = z
      .object({
        runs: z.array(z.looseObject({ runId: z.string(), requestedBy: z.looseObject({ principal: z.string() }) })),
      })
      .parse(await json(BOB, "runs"));
    expect(runs.map(({ requestedBy }) => requestedBy.principal)).toEqual([expect.stringMatching(/^os:atvm-alice@/)]);

    const server = { command: "runuser", args: words(ALICE, "serve"), stderr: "ignore" as const, cwd: dir };
    const assistant = await modernOn(new StdioClientTransport(server));
    onTestFinished(() => assistant.close());
    const plan = await assistant.call("prep_automated_testing", { lun: "Gold" });
    const planId = String(plan.structured["planId"]);
    expect(await run(BOB, "plans", "discard", planId)).toMatchObject({ exit: 3 });
    expect((await run(BOB, "plans", "show", planId)).out).toContain("Gold");
    const confirmed = await assistant.call("confirm_plan", { planToken: plan.structured["planToken"] });
    expect(confirmed.structured).toMatchObject({ state: "succeeded" });

    expect(await json(BOB, "-U", "-n", "Gold", "--yes")).toMatchObject({ state: "succeeded" });
    expect(await modes()).toEqual([]);
    expect(await json(BOB, "audit", "verify")).toMatchObject({ holds: true });
  });

  it("need a person's approval from whom the site says, at a terminal of their own", { timeout: 120_000 }, async () => {
    await control.reset();
    await configured({ approval: { default: "human", rollback: "human", requesterIsNotApprover: true } });
    const server = { command: "runuser", args: words(ALICE, "serve"), stderr: "ignore" as const, cwd: dir };
    const assistant = await modernOn(new StdioClientTransport(server));
    onTestFinished(() => assistant.close());
    const { planId, planToken } = (await assistant.call("prep_maintenance", { lun: "Gold" })).structured;
    expect((await assistant.call("confirm_plan", { planToken })).structured).toMatchObject({
      error: { code: "NOT_APPROVED" },
    });
    const approve = ["runuser", ...words(BOB, "approve", String(planId))].map((word) => `'${word}'`).join(" ");
    execFileSync("script", ["-qec", approve, "/dev/null"], { input: "y\n", cwd: dir });
    expect((await assistant.call("confirm_plan", { planToken })).structured).toMatchObject({
      state: "succeeded",
      approvedBy: { who: expect.stringMatching(/^os:atvm-bob@/) },
    });
  });

  it("let an admin take back what the other asked for", { timeout: 120_000 }, async () => {
    await configured({ admins: [BOB] });
    const server = { command: "runuser", args: words(ALICE, "serve"), stderr: "ignore" as const, cwd: dir };
    const assistant = await modernOn(new StdioClientTransport(server));
    onTestFinished(() => assistant.close());
    const { planId } = (await assistant.call("prep_automated_testing", { lun: "Gold" })).structured;
    expect(await run(BOB, "plans", "discard", String(planId))).toMatchObject({ exit: 0 });
    expect(await run(ALICE, "token", "create", "--role", "viewer")).toMatchObject({ exit: 3 });
    expect((await run(BOB, "token", "create", "--role", "viewer")).out).toMatch(/^at_/);
  });

  it("are named by doctor, with no warning about what their group shares", async () => {
    const { findings } = z
      .object({ findings: z.array(z.looseObject({ text: z.string().optional() })) })
      .parse(await json(BOB, "doctor"));
    const said = JSON.stringify(findings);
    expect(said).toContain(`the group ${GROUP} (${ALICE}, ${BOB})`);
    expect(said).not.toContain("other accounts can read it");
  });

  describe("leave the name of who signed in beside the account in the audit", () => {
    const newest = async (type: string) => {
      const { rows } = z
        .object({
          rows: z.array(z.looseObject({ actor: z.string(), data: z.looseObject({ login: z.unknown().optional() }) })),
        })
        .parse(await json(ALICE, "audit", "show", "--type", type, "--limit", "1"));
      return rows[0];
    };
    /** As `sudo` hands a command of this one to the other account. */
    const asBob = (...command: string[]): string[] => [
      ...["sudo", "-n", "-u", BOB, join(dir, "node"), join(dir, "dist", "main.js")],
      ...[...command, "--config", config],
    ];
    const rule = `/etc/sudoers.d/${GROUP}`;
    beforeAll(async () => {
      await configured({ approval: { default: "token", rollback: "human", cli: "allow" } });
      if (hasSudo) await writeFile(rule, `${ALICE} ALL=(${BOB}) NOPASSWD: ALL\n`, { mode: 0o440 });
    });
    afterAll(() => rm(rule, { force: true }));

    it("as a variable says it", async () => {
      const args = words(BOB, "luns").toSpliced(5, 0, "SUDO_USER=carol");
      await promisify(execFile)("runuser", args, { cwd: dir });
      expect(await newest("read")).toMatchObject({
        actor: expect.stringMatching(/^os:atvm-bob@/),
        data: { login: { name: "carol", by: "sudo" } },
      });
    });

    it.skipIf(!isThere(hasSudo, "sudo"))("as sudo says it, of a reading and of a plan", async () => {
      const login = { name: ALICE, by: "sudo" };
      for (const [type, ...command] of [
        ["read", "luns"],
        ["plan_made", "-U", "-n", "Gold", "--dry-run"],
      ] as const) {
        await promisify(execFile)("runuser", ["-u", ALICE, "--", ...asBob(...command)], { cwd: dir });
        expect(await newest(type)).toMatchObject({ actor: expect.stringMatching(/^os:atvm-bob@/), data: { login } });
      }
    });

    const signsIn = hasSshd && hasSudo && keepsLogins();
    it.skipIf(!isThere(signsIn, "sshd, sudo and a kernel that keeps who signed in"))(
      "as the kernel has kept it since sshd's sign-in, whatever a variable says",
      async () => {
        const keys = join(dir, "keys");
        const sshd = await startSshd(join(dir, "sshd"), keys);
        onTestFinished(() => sshd.stop());
        await cp(join(dir, "sshd", "id.pub"), keys);
        await chmod(keys, 0o644);
        const ssh = async (...command: string[]): Promise<void> => {
          const target = ["-F", sshd.config, `${ALICE}@${sshd.destination}`];
          await promisify(execFile)("ssh", [...target, command.join(" ")], { cwd: dir });
        };
        await ssh(...asBob("luns"));
        const login = { name: ALICE, by: "kernel" };
        expect(await newest("read")).toMatchObject({ actor: expect.stringMatching(/^os:atvm-bob@/), data: { login } });
        await ssh(...asBob("luns").toSpliced(4, 0, "env", "SUDO_USER=carol"));
        expect(await newest("read")).toMatchObject({ actor: expect.stringMatching(/^os:atvm-bob@/), data: { login } });
        await ssh(join(dir, "node"), join(dir, "dist", "main.js"), "luns", "--config", config);
        const own = await newest("read");
        expect(own?.actor).toMatch(/^os:atvm-alice@/);
        expect(own?.data.login).toBeUndefined();
      },
    );
  });
});
