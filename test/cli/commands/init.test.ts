/** `init` on the real lab, asked on a terminal and by flags. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../../src/cli/cli.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { type RunningLab, startLab } from "../../../src/lab/start.ts";
import { terminal } from "../terminal/terminal.ts";

let lab: RunningLab;
let folder: string;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "atvm-init-"));
  await writeFile(join(folder, "array.password"), lab.info.dgs.password, { mode: 0o600 });
  await writeFile(join(folder, "vcenter.password"), lab.info.vcenter.password, { mode: 0o600 });
  return () => rm(folder, { recursive: true });
});

const file = (): string => join(folder, "atvm.config.yaml");
const env = (): Record<string, string> => ({ HOME: folder });
const pin = (): string => lab.info.vcenter.thumbprint.replaceAll(":", "");
const vcenterHost = (): string => new URL(lab.info.vcenter.url).host;

async function init(words: readonly string[], answers: readonly string[] = []) {
  const on = terminal({ cwd: folder, tty: answers.length > 0 });
  for (const answer of answers) on.type(answer);
  const code = await runCli(["init", ...words], { ...on.io, env: env() });
  return { code, out: on.out(), err: on.err() };
}

const loaded = () => loadConfig({ file: file(), env: env(), cwd: folder });

/** What a person types who has the two password files beside the configuration. */
const typed = (): string[] => [
  ...[lab.info.dgs.url, lab.info.dgs.username, "", "y"],
  ...[vcenterHost(), lab.info.vcenter.username, "", "y"],
  ...["", "y", "y"],
];

const flags = (): string[] => [
  ...["--array", lab.info.dgs.url, "--array-user", lab.info.dgs.username],
  ...["--array-password-file", "array.password", "--array-thumbprint", pin()],
  ...["--vcenter", vcenterHost(), "--vcenter-user", lab.info.vcenter.username],
  ...["--vcenter-password-file", "vcenter.password", "--vcenter-thumbprint", pin()],
];

async function expectTheLab(): Promise<void> {
  const config = await loaded();
  expect(config.pairs).toEqual([
    { client: "CDS1-ESX165", host: "192.168.1.165" },
    { client: "CDS1-ESX166", host: "192.168.1.166" },
  ]);
  expect(config.defaults).toEqual({ client: "CDS1-ESX165", host: "192.168.1.165" });
  expect(Object.values(config.luns).sort()).toEqual([
    "AutomatedTest-VMBootImg-Gold",
    "AutomatedTest-VMBootImg-Gold-2",
    "AutomatedTest-VMBootImgComputeMigration-Gold",
  ]);
  expect([config.array.tls, config.vcenter.tls]).toEqual([{ thumbprint: pin() }, { thumbprint: pin() }]);
  const text = await readFile(file(), "utf8");
  expect(text).toMatch(/^store: \{sqlite: \//m);
  for (const secret of [lab.info.dgs.password, lab.info.vcenter.password]) expect(text).not.toContain(secret);
}

describe("init on a terminal", () => {
  it("asks, shows each certificate before it is pinned, and writes what doctor finds right", async () => {
    const { code, err } = await init([], typed());
    expect(err).toMatch(/subject CN=localhost\n.*\n.*\n {2}SHA-256\s+([0-9A-F]{2}:){31}/);
    expect(code).toBe(0);
    await expectTheLab();
    const on = terminal({ cwd: folder });
    expect(await runCli(["doctor", "--config", file()], { ...on.io, env: env() })).toBe(0);
  });

  it("asks again after a wrong answer, with the right ones proposed", async () => {
    await writeFile(join(folder, "wrong"), "hunter2-canary");
    const [url = "", user = "", ...rest] = typed();
    const { code, err } = await init([], [url, user, "wrong", "y", "y", "", "", "array.password", ...rest.slice(1)]);
    expect(err).toContain("DGS refused the sign-in");
    expect(err).toContain(`[${url}]`);
    expect(err).not.toContain("hunter2");
    expect(code).toBe(0);
    await expectTheLab();
  });

  it("writes nothing when the person gives up", async () => {
    const [url = "", user = ""] = typed();
    const { code } = await init([], [url, user, "none-such", "y", "n"]);
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain("atvm.config.yaml");
  });

  it("leaves out what the person does not take", async () => {
    expect((await init([], [...typed().slice(0, -2), "n", "n"])).code).toBe(0);
    const config = await loaded();
    expect(config.pairs).toEqual([]);
    expect(config.luns).toEqual({});
  });
});

describe("init --yes", () => {
  it("does the same by flags", async () => {
    expect(await init([...flags(), "--yes", "--json"])).toMatchObject({ code: 0, out: `{"file":"${file()}"}\n` });
    await expectTheLab();
  });

  it("pins nothing that nobody compared: it names the flag to add", async () => {
    const unpinned = flags().filter((word, index, all) => !/thumbprint/.test(`${all[index - 1]} ${word}`));
    const { code, err } = await init([...unpinned, "--yes"]);
    expect(code).not.toBe(0);
    expect(err).toContain(`--array-thumbprint ${pin()}`);
    expect(await readdir(folder)).not.toContain("atvm.config.yaml");
  });

  it("names the flag that is missing, and wants --yes where there is no terminal", async () => {
    const missing = await init(["--yes", "--array", lab.info.dgs.url]);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining("--array-user is missing") });
    expect(await init(flags())).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
  });

  it("stops at a wrong pin", async () => {
    const wrong = flags().map((word) => (word === pin() ? "0".repeat(64) : word));
    const { code, err } = await init([...wrong, "--yes"]);
    expect(code).not.toBe(0);
    expect(err).toContain("CERTIFICATE_UNTRUSTED");
  });
});

it("never writes over a file, and says so before it asks anything", async () => {
  await writeFile(file(), "mine");
  const { code, err } = await init([], typed());
  expect(code).toBe(2);
  expect(err).not.toContain(" > ");
  expect(await readFile(file(), "utf8")).toBe("mine");
});

it("without a terminal and without flags, writes an example that loads", async () => {
  expect((await init([])).code).toBe(0);
  expect((await loaded()).array.url).toBe("https://array.example.net");
  expect((await stat(file())).mode & 0o007).toBe(0);
});
