/** The files of deploy/: what can be judged of them without a Docker daemon and without systemd as a machine's first process. */
import { execFile, execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config/load.ts";
import { isThere } from "../support/required.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");
const read = (name: string): Promise<string> => readFile(join(DEPLOY, name), "utf8");
const has = (program: string): boolean => {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-deploy-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

describe("the Dockerfile", () => {
  /** Instructions with their continued lines as one. */
  const instructions = async (): Promise<[string, string][]> =>
    (await read("Dockerfile"))
      .replaceAll(/^#.*\n/gm, "")
      .replaceAll(/\\\n\s*/g, " ")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [word = "", ...rest] = line.trim().split(" ");
        return [word, rest.join(" ")];
      });

  it("ends as an account that is not root, by its number, so that a cluster can see that", async () => {
    const users = (await instructions()).filter(([word]) => word === "USER").map(([, user]) => user);
    expect(users.at(-1)).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
  });

  it("names versions, the Node that the tests run on, and takes nothing from the network but packages of the lock file", async () => {
    const all = await instructions();
    const { devDependencies } = z
      .object({ devDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(join(DEPLOY, "../package.json"), "utf8")));
    for (const [word, rest] of all)
      if (word === "FROM") expect(rest.split(" ")[0]).toBe(`node:${devDependencies["node"]}-bookworm-slim`);
    expect(all.filter(([word]) => word === "ADD")).toEqual([]);
    const runs = all.filter(([word]) => word === "RUN").map(([, command]) => command);
    expect(runs.filter((command) => /curl|wget|apt-get|npm i(nstall)?\b|sudo/.test(command))).toEqual([]);
    expect(runs).toContain("npm ci --ignore-scripts");
  });

  it("starts the program itself, without a shell in between that would keep signals", async () => {
    const started = (await instructions()).filter(([word]) => word === "ENTRYPOINT" || word === "CMD");
    for (const [, words] of started) expect(z.array(z.string()).parse(JSON.parse(words)).length).toBeGreaterThan(0);
  });

  it("leaves secrets and what is built elsewhere out of the image", async () => {
    const left = (await readFile(join(DEPLOY, "../.dockerignore"), "utf8")).split("\n");
    expect(left).toEqual(expect.arrayContaining([".git", "node_modules", "dist", "deploy/secrets"]));
  });
});

describe("the compose file", () => {
  const service = z.looseObject({
    image: z.string(),
    read_only: z.boolean(),
    user: z.string().optional(),
    cap_drop: z.array(z.string()).optional(),
    security_opt: z.array(z.string()),
    networks: z.array(z.string()),
    ports: z.array(z.string()).optional(),
    secrets: z.array(z.string()),
    command: z.array(z.string()).optional(),
    stop_grace_period: z.string(),
  });
  const compose = async () =>
    z
      .looseObject({
        services: z.record(z.string(), service),
        networks: z.record(z.string(), z.looseObject({ internal: z.boolean().optional() })),
        secrets: z.record(z.string(), z.object({ file: z.string() })),
      })
      .parse(parse(await read("compose.yaml"), { merge: true }));

  it("gives no service more than it needs: file systems that are read only, no new privileges, no root for the program", async () => {
    const { services } = await compose();
    expect(Object.keys(services)).toEqual(["server", "worker", "database"]);
    for (const one of Object.values(services)) {
      expect(one.read_only).toBe(true);
      expect(one.security_opt).toContain("no-new-privileges:true");
      expect(one).not.toHaveProperty("privileged");
    }
    for (const name of ["server", "worker"] as const) {
      expect(services[name]).toMatchObject({ user: "10001:10001", cap_drop: ["ALL"] });
    }
  });

  it("publishes the server alone, and keeps the database on a network of their own", async () => {
    const { services, networks } = await compose();
    expect(Object.entries(services).filter(([, { ports }]) => ports !== undefined)).toHaveLength(1);
    expect(services["database"]?.networks).toEqual(["store"]);
    expect(networks["store"]).toEqual({ internal: true });
  });

  it("has the worker wait for its runs, which end with its container", async () => {
    const { services } = await compose();
    expect(services["worker"]).toMatchObject({ command: ["worker", "--drain"], stop_grace_period: "2h" });
  });

  it("comes with a configuration that loads, whose secrets it mounts", async () => {
    const dir = await folder();
    const text = await read("config.yaml");
    await writeFile(join(dir, "config.yaml"), text);
    const config = await loadConfig({ file: join(dir, "config.yaml"), env: { HOME: dir }, cwd: dir });
    expect(config).toMatchObject({ runs: "worker", store: { kind: "postgres" } });
    const { services, secrets } = await compose();
    const named = new Set([...text.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, name]) => name));
    expect(new Set(services["server"]?.secrets)).toEqual(named);
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining([...named, "database_password"]));
  });

  it.skipIf(!isThere(has("docker-compose"), "docker-compose"))("is one to docker-compose's own schema", async () => {
    const dir = await folder();
    await cp(join(DEPLOY, "compose.yaml"), join(dir, "compose.yaml"));
    const { secrets } = await compose();
    execFileSync("mkdir", [join(dir, "secrets")]);
    for (const { file } of Object.values(secrets)) await writeFile(join(dir, file), "x");
    await promisify(execFile)("docker-compose", ["-f", join(dir, "compose.yaml"), "config", "-q"]);
  });
});

describe("the units of systemd", () => {
  const units = async (): Promise<[string, string][]> => {
    const names = await readdir(join(DEPLOY, "systemd"));
    return Promise.all(names.map(async (name) => [name, await read(`systemd/${name}`)] as [string, string]));
  };

  it("leave runs alone when they are stopped, write below /var/lib alone, and have secrets handed to them", async () => {
    const all = await units();
    expect(all.map(([name]) => name).toSorted()).toEqual(["atvm-prep-worker.service", "atvm-prep.service"]);
    for (const [, text] of all) {
      const lines = text.split("\n");
      expect(lines).toEqual(
        expect.arrayContaining([
          "KillMode=process",
          "ProtectSystem=strict",
          "NoNewPrivileges=yes",
          "CapabilityBoundingSet=",
          "User=atvm",
        ]),
      );
      expect(text).toMatch(/^LoadCredential=vcenter\.password:/m);
      // JavaScript is compiled as it runs.
      expect(lines).not.toContain("MemoryDenyWriteExecute=yes");
    }
  });

  it.skipIf(!isThere(has("systemd-analyze"), "systemd-analyze"))(
    "are ones to systemd-analyze, and expose little",
    async () => {
      const dir = await folder();
      for (const [name, text] of await units()) {
        const file = join(dir, name);
        // The program is not installed here; that its path can be run is no property of the unit.
        await writeFile(file, text.replace("/usr/local/bin/atvm_prep", "/bin/true"));
        const { stdout, stderr } = await promisify(execFile)("systemd-analyze", ["verify", "--man=no", file]);
        expect(stdout + stderr).toBe("");
        await promisify(execFile)("systemd-analyze", ["security", "--offline=true", "--threshold=25", file]);
      }
    },
  );
});
