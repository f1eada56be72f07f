/** `doctor` on the real lab: each thing that a site can get wrong is a red line with what to do. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { runCli } from "../../../src/cli/cli.ts";
import { findingsTable } from "../../../src/cli/terminal/findings.ts";
import { type RunningLab, startLab } from "../../../src/lab/start.ts";
import { connectProxy } from "../../support/connect-proxy.ts";
import { ControlClient } from "../../support/lab.ts";
import { cli, terminal } from "../terminal/terminal.ts";

const Report = z.object({
  findings: z.array(
    z.object({
      what: z.string(),
      state: z.enum(["ok", "warning", "failed"]),
      text: z.string(),
      fix: z.string().optional(),
    }),
  ),
});

let folder: string;
let lab: RunningLab;
let written: Record<string, unknown>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atvm-doctor-"));
  lab = await startLab({ writeConfig: join(folder, "lab.yaml") });
  written = z.record(z.string(), z.unknown()).parse(parse(await readFile(join(folder, "lab.yaml"), "utf8")));
});
afterAll(async () => {
  await lab.close();
  await rm(folder, { recursive: true });
});

/** `doctor --json` with the lab's configuration and these keys besides. */
async function doctor(keys: Record<string, unknown> = {}, env: Record<string, string> = {}) {
  const config = join(folder, "own.yaml");
  await writeFile(config, stringify({ ...written, ...keys }), { mode: 0o600 });
  const on = terminal({ cwd: folder });
  const code = await runCli(["doctor", "--json", "--config", config], { ...on.io, env });
  const { findings } = Report.parse(JSON.parse(on.out()));
  const wrong = findings.filter(({ state }) => state === "failed");
  return { code, findings, wrong, all: on.out() + on.err() };
}

const part = (name: "array" | "vcenter"): Record<string, unknown> =>
  z.record(z.string(), z.unknown()).parse(written[name]);

describe("doctor on a site where all is well", () => {
  it("looks at everything, and names a fix wherever it warns", async () => {
    const { code, findings, wrong } = await doctor();
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ text }) => text)).toContain("the account has what every mode needs");
    const looked = new Set(findings.map(({ what }) => what));
    for (const what of [
      ...["configuration", "sharing", "store", "log", "audit", "approval", "shorthand"],
      ...["array", "vCenter"].flatMap((system) =>
        ["name", "way", "TLS", "sign-in", "clock"].map((one) => `${system}: ${one}`),
      ),
      ...["vCenter: version", "pair CDS1-ESX165 = 192.168.1.165", "pair CDS1-ESX166 = 192.168.1.166"],
    ]) {
      expect(looked, what).toContain(what);
    }
    for (const { state, fix } of findings) expect(fix !== undefined).toBe(state !== "ok");
  });

  it("shows subject and thumbprint of what each system presents", async () => {
    const { findings } = await doctor();
    for (const system of ["array", "vCenter"]) {
      const { text } = findings.find(({ what }) => what === `${system}: TLS`) ?? { text: "" };
      expect(text).toMatch(/^pinned: .*CN=.*SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    }
  });
});

describe("doctor on a site where something is wrong", () => {
  it("gives the line that pins another certificate", async () => {
    const tls = { thumbprint: "0".repeat(64) };
    const { wrong } = await doctor({ vcenter: { ...part("vcenter"), tls } });
    const red = wrong.find(({ what }) => what === "vCenter: TLS");
    const line = /vcenter\.(tls: \{thumbprint: [0-9A-F]{64}\})/.exec(red?.fix ?? "")?.[1] ?? "";
    const mended = await doctor({ vcenter: { ...part("vcenter"), ...parse(line) } });
    expect(mended.wrong).toEqual([]);
  });

  it("tells an authority that is not trusted by its certificate's line", async () => {
    const { tls: _, ...array } = part("array");
    const { wrong } = await doctor({ array });
    expect(wrong.find(({ what }) => what === "array: TLS")?.fix).toMatch(/array\.tls: \{thumbprint/);
  });

  it("names each shorthand and each pair that leads nowhere, and the others as right", async () => {
    const pairs = [
      { client: "CDS1-ESX165", host: "192.168.1.165" },
      { client: "CDS1-ESX999", host: "192.168.1.99" },
    ];
    const { code, findings, wrong } = await doctor({
      luns: { Gold: "AutomatedTest-VMBootImg-Gold", Old: "Gone" },
      pairs,
    });
    expect(wrong.map(({ what, text }) => `${what}: ${text}`)).toEqual([
      "shorthand Old: there is no gold LUN called Gone",
      "pair CDS1-ESX999 = 192.168.1.99: the array has no such client",
      "pair CDS1-ESX999 = 192.168.1.99: vCenter has no such host",
    ]);
    expect(findings.find(({ what }) => what === "shorthand")?.text).toBe("1 of 2 lead to one gold LUN each");
    expect(code).toBe(1);
  });

  it("warns of a pair whose addresses differ", async () => {
    const pairs = [
      { client: "CDS1-ESX165", host: "192.168.1.166" },
      { client: "CDS1-ESX166", host: "192.168.1.165" },
    ];
    const defaults = { client: "CDS1-ESX165", host: "192.168.1.166" };
    const { findings } = await doctor({ pairs, defaults });
    const odd = findings.filter(({ what, state }) => what.startsWith("pair") && state === "warning");
    expect(odd.map(({ text }) => text)).toContain("the array says that this client is 192.168.1.165");
  });

  it("tells a wrong password on one side, with the other side as it is", async () => {
    await writeFile(join(folder, "wrong"), "hunter2-canary", { mode: 0o600 });
    const { wrong, findings, all } = await doctor({ array: { ...part("array"), password: { file: "wrong" } } });
    expect(wrong.map(({ what }) => what)).toContain("array: sign-in");
    expect(findings.find(({ what }) => what === "vCenter: sign-in")?.state).toBe("ok");
    expect(all).not.toContain("hunter2");
  });

  it("says that a name cannot be resolved", async () => {
    const { wrong } = await doctor({ vcenter: { ...part("vcenter"), address: "no-such-host.invalid" } });
    expect(wrong.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["vCenter: name", "vCenter: TLS", "vCenter: sign-in"]),
    );
    expect(wrong.find(({ what }) => what === "vCenter: name")?.fix).toContain("getent hosts no-such-host.invalid");
  });

  it("warns on a machine that is not the controller", async () => {
    const { findings } = await doctor({ controller: { hostname: "elsewhere", address: "192.0.2.1" } });
    expect(findings.find(({ what }) => what === "controller")).toMatchObject({ state: "warning" });
    const elsewhere = { controller: { hostname: "elsewhere", address: "192.0.2.1" } };
    const { findings: served } = await doctor({ ...elsewhere, runs: "worker" });
    expect(served.find(({ what }) => what === "controller")).toMatchObject({
      state: "ok",
      text: expect.stringContaining("waits for one"),
    });
  });

  it("names each privilege that the account lacks, where, for which modes, and what to do", async () => {
    lab.world.reset({ scenario: "clone-assigned" });
    const touch = { what: "restricted-role", privileges: ["Datastore.Browse", "VirtualMachine.Interact.PowerOff"] };
    const body = JSON.stringify(touch);
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${lab.info.control.url}/touch`, { method: "POST", headers, body })).ok).toBe(true);
    try {
      const { wrong } = await doctor();
      expect(wrong.filter(({ what }) => what.startsWith("pair CDS1-ESX165")).map(({ text }) => text)).toEqual([
        expect.stringMatching(
          /^Host\.Config\.Storage is missing on the host 192\.168\.1\.165: needed for -A, -M, -rvgd/,
        ),
        expect.stringMatching(
          /^VirtualMachine\.Inventory\.Unregister is missing on the VM folder of DC-ESX165: needed for -A/,
        ),
        expect.stringMatching(/^VirtualMachine\.Inventory\.Register is missing on the VM folder/),
        expect.stringMatching(/^Resource\.AssignVMToPool is missing on the resource pool/),
      ]);
      for (const { fix } of wrong) expect(fix).toContain("docs/privileges.md");
    } finally {
      lab.world.reset({ scenario: "clone-assigned" });
    }
  });

  it("names the folder in which VMs cannot be registered", async () => {
    const { wrong } = await doctor({ register: { folder: "No/Such" } });
    expect(wrong.map(({ text }) => text)).toContain("there is no VM folder No/Such");
  });

  it("finds a folder and a pool as planning does, with a slash in their name", async () => {
    await new ControlClient(lab.info.control.url).touch("add-places", { name: "Team A/B 50%" });
    const place = "Team A%2fB 50%25";
    expect((await doctor({ register: { folder: place, pool: `${place}/` } })).wrong).toEqual([]);
  });

  it("is one red line where there is no configuration", async () => {
    const on = terminal({ cwd: folder });
    expect(await runCli(["doctor", "--config", join(folder, "none.yaml")], on.io)).toBe(2);
    expect(on.out()).toMatch(/^FAILED +configuration +There is no configuration file/);
  });
});

describe("the way", () => {
  it("is told for each system, with what decided it", async () => {
    const proxy = await connectProxy();
    const dgs = new URL(lab.info.dgs.url).host;
    const { proxy: _, ...direct } = written;
    const kept = written;
    written = direct;
    try {
      const { findings, wrong } = await doctor({}, { HTTPS_PROXY: proxy.url, NO_PROXY: dgs });
      expect(wrong).toEqual([]);
      const way = (system: string) => findings.find(({ what }) => what === `${system}: way`)?.text;
      expect(way("array")).toBe(`directly: NO_PROXY names ${dgs}`);
      expect(way("vCenter")).toBe(`through the proxy ${proxy.url} (HTTPS_PROXY)`);
      expect(new Set(proxy.asked)).toEqual(new Set([new URL(lab.info.vcenter.url).host]));
    } finally {
      written = kept;
    }
  });
});

describe("sharing", () => {
  it("says that the configuration is its owner's alone", async () => {
    const { findings } = await doctor();
    expect(findings.find(({ what }) => what === "sharing")?.text).toContain("can be read by its owner alone");
  });
});

describe("the table", () => {
  const findings = [
    { what: "vCenter: TLS", state: "ok" as const, text: `pinned: CN=vc, SHA-256 ${"AB:".repeat(31)}CD` },
    {
      what: "pair CDS1-ESX165 = 192.168.1.165: privileges",
      state: "failed" as const,
      text: "Host.Config.Storage is missing on the host 192.168.1.165: needed for -A, -M, -rvgd",
      fix: "Add it to the account's role, and give it there with propagation.",
    },
  ];

  it.each([40, 100])("fits %s columns and loses nothing", (columns) => {
    const table = findingsTable(findings, columns);
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(columns);
    const squeezed = table.replaceAll(/\s/g, "");
    for (const { text } of findings.slice(0, columns === 40 ? 2 : 0)) {
      expect(squeezed).toContain(text.replaceAll(/\s/g, ""));
    }
    expect(table).toMatchSnapshot();
  });
});

describe("the command", () => {
  it("ends with the code of the first failure, and shows the configuration's warnings in its own table", async () => {
    const on = terminal();
    const checkSystems = async () => [{ what: "array: sign-in", state: "failed" as const, text: "No.", fix: "Do." }];
    const verifyAudit = async () => ({ holds: true, rows: 3, problems: [] });
    expect(await cli(["doctor"], { verifyAudit }, on, { checkSystems, warnings: ["dgs.tls is insecure"] })).toBe(1);
    expect(on.out()).toMatch(/^FAILED +array: sign-in +No\.\n +fix: Do\.$/m);
    expect(on.out()).toMatch(/^warning +configuration +dgs\.tls is insecure$/m);
    expect(on.err()).toBe("");
  });
});
