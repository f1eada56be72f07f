import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { configJsonSchema } from "../../src/config/schema.ts";
import { resolveTls } from "../../src/config/trust.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import { MODES } from "../../src/core/domain/modes.ts";
import { ROLES } from "../../src/core/domain/roles.ts";

const MINIMAL = `dgs:
  url: https://dgs.lab.example
  username: operator
  password: {env: DGS_PASSWORD}
vcenter:
  username: administrator@vsphere.local
  password: {file: vcenter.secret}
`;

/** The same under the present name of the section. */
const arrayOf = (kind: string): string => MINIMAL.replace("dgs:\n", `array:\n  kind: ${kind}\n`);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "atvm-config-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const env = (more: Record<string, string> = {}) => ({ HOME: dir, ...more });

async function load(yaml: string, more: Record<string, string> = {}): Promise<Config> {
  const file = join(dir, "atvm.config.yaml");
  await writeFile(file, yaml);
  return loadConfig({ file, env: env(more), cwd: "/" });
}

async function refusal(promise: Promise<unknown>): Promise<PrepError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof PrepError) return thrown;
  throw new Error(`expected a PrepError, got ${inspect(thrown)}`);
}

describe("what is not said", () => {
  it("has the domain's defaults", async () => {
    const config = await load(MINIMAL);
    expect(config.vcenter.address).toBe("192.168.0.201");
    expect(config.luns).toMatchObject({
      Gold: "AutomatedTest-VMBootImg-Gold",
      Gold2: "AutomatedTest-VMBootImg-Gold-2",
    });
    expect(config.pairs).toContainEqual({ client: "CDS1-ESX166", host: "192.168.1.166" });
    expect(config.defaults).toEqual({ client: "CDS1-ESX165", host: "192.168.1.165" });
    expect(config.approval).toEqual({
      policy: {
        automated_testing: "prompt",
        maintenance: "prompt",
        register: "prompt",
        unregister: "prompt",
        rollback: "human",
        release: "prompt",
        snapshot: "prompt",
      },
      cli: "deny",
      answerWithin: 300_000,
      planTtl: 600_000,
      requesterIsNotApprover: false,
    });
    expect(config.limits).toMatchObject({
      powerOffs: 16,
      unregistrations: 8,
      registrations: 8,
      openPlans: 20,
      guestShutdown: 300_000,
    });
    expect(config.limits.deviceWait).toBe(120_000);
    expect(config.store).toEqual({ kind: "sqlite", path: join(dir, ".local/state/atvm/atvm.db") });
    expect(config.log).toEqual({ dir: join(dir, ".local/state/atvm/log"), level: "info" });
    expect(config.controller).toBeUndefined();
    expect(config.warnings).toEqual([]);
  });

  it("keeps rollback with a person although the general policy is weaker", async () => {
    const { approval } = await load(`${MINIMAL}approval: {default: token, register: human, planTtl: 90s}\n`);
    expect(approval.policy).toMatchObject({ automated_testing: "token", register: "human", rollback: "human" });
    expect(approval.planTtl).toBe(90_000);
  });

  it("puts store and log below XDG_STATE_HOME, and ignores a relative one", async () => {
    expect((await load(MINIMAL, { XDG_STATE_HOME: "/var/state" })).store).toEqual({
      kind: "sqlite",
      path: "/var/state/atvm/atvm.db",
    });
    expect((await load(MINIMAL, { XDG_STATE_HOME: "state" })).log.dir).toBe(join(dir, ".local/state/atvm/log"));
  });
});

describe("paths", () => {
  it("are relative to the configuration file, and the log lies beside the store", async () => {
    const config = await load(`${MINIMAL}store: {sqlite: data/runs.db}\n`);
    expect(config.store).toEqual({ kind: "sqlite", path: join(dir, "data/runs.db") });
    expect(config.log.dir).toBe(join(dir, "data/log"));
    expect(config.file).toBe(join(dir, "atvm.config.yaml"));
  });

  it("may begin with the folder of a service's credentials, which are no exposed files", async () => {
    const credentials = join(dir, "credentials");
    await mkdir(credentials);
    // With an access list for the service's account, their mode tells of a group that cannot read them.
    await writeFile(join(credentials, "vcenter"), "s3cret", { mode: 0o440 });
    const written = MINIMAL.replace(/password: \{[^}]*\}/g, "password: {file: $CREDENTIALS_DIRECTORY/vcenter}");
    const config = await load(written, { CREDENTIALS_DIRECTORY: credentials });
    expect(await config.vcenter.password.reveal()).toBe("s3cret");
    expect(config.warnings).toEqual([]);
    await expect((await load(written)).vcenter.password.reveal()).rejects.toMatchObject({
      code: "CREDENTIALS_MISSING",
      message: expect.stringContaining("$CREDENTIALS_DIRECTORY/vcenter"),
    });
  });

  it("say of the store where it is and how long it is kept", async () => {
    expect((await load(`${MINIMAL}store: {sqlite: data/runs.db, keep: 365d}\n`)).store.keepDays).toBe(365);
    for (const keep of ["6d", "0d", "90", "90h", "123456d"]) {
      await expect(load(`${MINIMAL}store: {sqlite: data/runs.db, keep: ${keep}}\n`)).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("store"),
      });
    }
  });

  it("name a driver beside the file, or a package as it is", async () => {
    expect((await load(arrayOf("./ours.mjs"))).array.kind).toBe(join(dir, "ours.mjs"));
    expect((await load(arrayOf("our-array"))).array.kind).toBe("our-array");
  });
});

describe("the array", () => {
  it("is the same under its former name, dgs, and each names itself", async () => {
    const { section, ...former } = (await load(MINIMAL)).array;
    const { section: own, ...now } = (await load(arrayOf("dgs"))).array;
    expect(JSON.stringify(now)).toBe(JSON.stringify(former));
    expect([former.kind, section, own]).toEqual(["dgs", "dgs", "array"]);
    expect((await load(MINIMAL.replace("dgs:\n", "dgs:\n  driver: ./ours.mjs\n"))).array.kind).toBe(
      join(dir, "ours.mjs"),
    );
  });

  it("is signed in to with a token instead of account and password", async () => {
    const yaml = arrayOf("ontap").replace(/ {2}username: operator\n {2}password: .*\n/, "  token: {env: TOKEN}\n");
    const { array } = await load(yaml, { TOKEN: "from-the-environment" });
    expect(await array.token?.reveal()).toBe("from-the-environment");
    expect([array.username, array.password]).toEqual([undefined, undefined]);
    const both = await refusal(load(arrayOf("ontap").replace("vcenter:\n", "  token: {env: TOKEN}\nvcenter:\n")));
    expect(both.found).toMatchObject({ issues: [{ path: "array.token" }] });
  });

  it("stands in one of both sections, and in one of them it must", async () => {
    const both = await refusal(load(`${MINIMAL}array: {kind: dgs, url: 'https://x', token: {env: T}}\n`));
    expect(both.found).toMatchObject({ issues: [{ path: "dgs", line: 1 }] });
    expect((await refusal(load(`vcentre: {}\n`))).message).toContain("array is missing");
  });

  it("has its limits under their former names as well", async () => {
    const { limits } = await load(`${MINIMAL}limits: {dgsCall: 7s, arrayJob: 8s, powerOff: 3, register: 2}\n`);
    expect([limits.arrayCall, limits.arrayJob]).toEqual([7_000, 8_000]);
    expect([limits.powerOffs, limits.unregistrations, limits.registrations]).toEqual([3, 8, 2]);
  });
});

describe("where it is looked for", () => {
  it("prefers --config, then $ATVM_CONFIG, then the working directory, then the home configuration", async () => {
    const places = ["flag.yaml", "variable.yaml", "cwd/atvm.config.yaml", "xdg/atvm/config.yaml"].map((name) =>
      join(dir, name),
    );
    await mkdir(join(dir, "cwd"));
    await mkdir(join(dir, "xdg/atvm"), { recursive: true });
    for (const place of places) await writeFile(place, MINIMAL);
    const [flag, variable, inCwd, inHome] = places;
    const xdg = env({ XDG_CONFIG_HOME: join(dir, "xdg") });
    const all = { ...xdg, ATVM_CONFIG: "variable.yaml" };
    expect((await loadConfig({ file: join(dir, "flag.yaml"), env: all, cwd: dir })).file).toBe(flag);
    expect((await loadConfig({ env: all, cwd: dir })).file).toBe(variable);
    expect((await loadConfig({ env: xdg, cwd: join(dir, "cwd") })).file).toBe(inCwd);
    expect((await loadConfig({ env: xdg, cwd: dir })).file).toBe(inHome);
  });

  it("says where it looked when there is none, and does not fall through from a named one", async () => {
    const none = await refusal(loadConfig({ env: env(), cwd: dir }));
    expect(none.code).toBe("CONFIG_INVALID");
    expect(none.found).toEqual({
      searched: [join(dir, "atvm.config.yaml"), join(dir, ".config/atvm/config.yaml"), "/etc/atvm/config.yaml"],
    });
    await writeFile(join(dir, "atvm.config.yaml"), MINIMAL);
    const missing = await refusal(loadConfig({ env: env({ ATVM_CONFIG: "other.yaml" }), cwd: dir }));
    expect(missing.message).toContain(join(dir, "other.yaml"));
  });
});

describe("what it refuses", () => {
  it.each([
    [
      "an unknown key, with the nearest one and its line",
      MINIMAL.replace("username: op", "usrname: op"),
      3,
      "dgs.usrname",
      "did you mean username?",
    ],
    ["an unknown section", `${MINIMAL}limit: {powerOffs: 3}\n`, 8, "limit", "did you mean limits?"],
    ["a key that is like none", `${MINIMAL}log: {colour: blue}\n`, 8, "log.colour", "known here: dir, level"],
    [
      "an unknown key within a choice",
      MINIMAL.replace("{env: DGS", "{envv: DGS"),
      4,
      "dgs.password.envv",
      "did you mean env?",
    ],
    [
      "an unknown key in a list",
      `${MINIMAL}pairs:\n  - client: A\n    hots: 10.0.0.1\n`,
      10,
      "pairs[0].hots",
      "did you mean host?",
    ],
    [
      "a secret written out",
      MINIMAL.replace("{env: DGS_PASSWORD}", "hunter2-canary"),
      4,
      "dgs.password",
      "{env: NAME} or {file: PATH}",
    ],
    [
      "a postgres URL written out",
      `${MINIMAL}store:\n  postgres: postgres://u:hunter2-canary@db/x\n`,
      8,
      "store",
      "{postgres: {env: NAME}}",
    ],
    [
      "a password in the URL",
      MINIMAL.replace("https://dgs", "https://u:hunter2-canary@dgs"),
      2,
      "dgs.url",
      "without user, password",
    ],
    ["no duration", `${MINIMAL}approval:\n  planTtl: 10 minutes\n`, 9, "approval.planTtl", "20s, 5m"],
    ["a duration of nothing", `${MINIMAL}limits: {rescan: 0s}\n`, 8, "limits.rescan", "duration"],
    ["a number out of range", `${MINIMAL}limits: {powerOffs: 0}\n`, 8, "limits.powerOffs", "1 or more"],
    ["an unknown policy", `${MINIMAL}approval:\n  rollback: never\n`, 9, "approval.rollback", "token, prompt, human"],
    [
      "insecure: false",
      MINIMAL.replace("vcenter:\n", "vcenter:\n  tls: {insecure: false}\n"),
      6,
      "vcenter.tls",
      "{insecure: true}",
    ],
    [
      "two kinds of trust",
      MINIMAL.replace("dgs:\n", "dgs:\n  tls: {ca: a.pem, insecure: true}\n"),
      2,
      "dgs.tls",
      "one of",
    ],
    [
      "a thumbprint of another hash",
      MINIMAL.replace("dgs:\n", "dgs:\n  tls: {thumbprint: 'AA:BB'}\n"),
      2,
      "dgs.tls.thumbprint",
      "64 hex digits",
    ],
    [
      "an address with a scheme",
      MINIMAL.replace("vcenter:\n", "vcenter:\n  address: https://vc\n"),
      6,
      "vcenter.address",
      "HOST:PORT",
    ],
    ["what is missing", MINIMAL.replace("  username: operator\n", ""), 1, "dgs.username", "is missing"],
    [
      "a client in two pairs",
      `${MINIMAL}pairs:\n  - {client: A, host: 10.0.0.1}\n  - {client: A, host: 10.0.0.2}\n`,
      10,
      "pairs[1].client",
      "one to one",
    ],
    [
      "defaults against the pairs",
      `${MINIMAL}defaults: {client: CDS1-ESX165, host: 192.168.1.166}\n`,
      8,
      "defaults",
      "contradicts",
    ],
    ["one shorthand for two LUNs", `${MINIMAL}luns:\n  gold-2: A\n  Gold 2: B\n`, 10, "luns.Gold 2", "same shorthand"],
    ["a key said twice", `${MINIMAL}vcenter: {}\n`, 8, "", "duplicate key"],
    ["broken YAML, without quoting it", MINIMAL.replace("{env: DGS_PASSWORD}", '"hunter2-canary'), 8, "", "not YAML"],
    [
      "an alias to nowhere, without quoting it",
      MINIMAL.replace("{env: DGS_PASSWORD}", "*hunter2-canary"),
      undefined,
      "",
      "not YAML",
    ],
  ])("%s", async (_what, yaml, line, path, words) => {
    const error = await refusal(load(yaml));
    expect(error.code).toBe("CONFIG_INVALID");
    const file = join(dir, "atvm.config.yaml");
    expect(error.message).toContain(file);
    expect(error.message).toContain(words);
    expect(error.found).toMatchObject({ file, issues: [{ path, ...(line === undefined ? {} : { line }) }] });
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error.toRecord())}`).not.toContain("hunter2-canary");
  });

  it("tells all that is wrong at once", async () => {
    const error = await refusal(load("dgs: {url: ftp://x}\nvcentre: {}\n"));
    expect(error.message).toContain("dgs.url");
    expect(error.message).toContain("dgs.password is missing");
    expect(error.message).toContain("did you mean vcenter?");
  });
});

describe("secrets", () => {
  it("are read when used, without the line end, and print as nothing", async () => {
    const config = await load(MINIMAL, { DGS_PASSWORD: "from-the-environment" });
    expect(await config.array.password?.reveal()).toBe("from-the-environment");
    await writeFile(join(dir, "vcenter.secret"), "from the file \n");
    expect(await config.vcenter.password.reveal()).toBe("from the file ");
    const printed = `${config.array.password} ${JSON.stringify(config)} ${inspect(config, { depth: 9, showHidden: true })}`;
    expect(printed).not.toContain("from-the-environment");
    expect(printed).toContain("[secret]");
  });

  it("that are missing say where they were looked for", async () => {
    const config = await load(MINIMAL);
    const unset = await refusal(Promise.resolve(config.array.password?.reveal()));
    expect(unset.code).toBe("CREDENTIALS_MISSING");
    expect(unset.message).toContain("DGS_PASSWORD");
    const gone = await refusal(config.vcenter.password.reveal());
    expect(gone.message).toContain(join(dir, "vcenter.secret"));
    expect(gone.message).toContain("ENOENT");
    await writeFile(join(dir, "vcenter.secret"), "\n");
    expect((await refusal(config.vcenter.password.reveal())).message).toContain("empty");
  });

  it("are missing where a desktop client hands on its own placeholder for what was left empty", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the client leaves unfilled.
    const config = await load(MINIMAL, { DGS_PASSWORD: "${user_config.array_password}" });
    expect((await refusal(Promise.resolve(config.array.password?.reveal()))).code).toBe("CREDENTIALS_MISSING");
  });

  it("may be absent for vCenter until they are needed", async () => {
    const config = await load(MINIMAL.replace(/vcenter:[\s\S]*/, "vcenter: {address: 'vc:8443'}\n"));
    expect((await refusal(config.vcenter.password.reveal())).code).toBe("CREDENTIALS_MISSING");
  });

  it("in a file that others can read are a warning", async () => {
    const file = join(dir, "vcenter.secret");
    await writeFile(file, "x", { mode: 0o600 });
    expect((await load(MINIMAL)).warnings).toEqual([]);
    await chmod(file, 0o640);
    const { warnings } = await load(MINIMAL);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${file} has mode 0640`);
  });

  it("of the proxy are among them", async () => {
    await writeFile(join(dir, "proxy.secret"), "x");
    await chmod(join(dir, "proxy.secret"), 0o644);
    const proxy = "proxy: {url: 'http://p.example:1', username: u, password: {file: proxy.secret}}\n";
    const { warnings } = await load(MINIMAL + proxy);
    expect(warnings).toEqual([expect.stringContaining("proxy.secret has mode 0644")]);
  });
});

describe("warnings", () => {
  it("come with insecure and with plain http, each time", async () => {
    const yaml = MINIMAL.replace("https:", "http:").replace("vcenter:\n", "vcenter:\n  tls: {insecure: true}\n");
    expect((await load(yaml)).warnings).toEqual([
      expect.stringContaining("vcenter.tls is insecure"),
      expect.stringContaining("dgs.url is plain http"),
    ]);
  });
});

describe("tls", () => {
  it("reads the authority's file when a connection is made, and refuses what is no certificate", async () => {
    const yaml = MINIMAL.replace("vcenter:\n", "vcenter:\n  tls: {ca: ca.pem}\n");
    const { vcenter, array } = await load(yaml);
    expect(() => resolveTls(vcenter.tls)).toThrow(/cannot be read/);
    await writeFile(join(dir, "ca.pem"), "no certificate");
    expect(() => resolveTls(vcenter.tls)).toThrow(/no PEM certificate/);
    await writeFile(join(dir, "ca.pem"), "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
    expect(resolveTls(vcenter.tls)).toMatchObject({ ca: expect.stringContaining("BEGIN") });
    expect(resolveTls(array.tls)).toMatchObject({ ca: expect.stringContaining("BEGIN CERTIFICATE") });
  });
});

describe("a configuration that more than one account can read", () => {
  beforeEach(() => chmod(dir, 0o755));

  async function shared(yaml: string, mode: number): Promise<Config> {
    const file = join(dir, "shared.yaml");
    await writeFile(file, yaml);
    await chmod(file, mode);
    return loadConfig({ file, env: env(), cwd: "/" });
  }

  it("must name its store, and is told the line to add", async () => {
    const error = await refusal(shared(MINIMAL, 0o644));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain("every account of this machine");
    const line = /`(store: [^`]*)`/.exec(error.hint)?.[1] ?? "";
    expect((await shared(`${MINIMAL}${line}\n`, 0o644)).store).toEqual({
      kind: "sqlite",
      path: "/var/lib/atvm/atvm.db",
    });
  });

  it("is no other account's where its mode or a folder's keeps them out", async () => {
    expect((await shared(MINIMAL, 0o600)).store.kind).toBe("sqlite");
    await chmod(dir, 0o700);
    expect((await shared(MINIMAL, 0o644)).store.kind).toBe("sqlite");
  });
});

describe("a large configuration", () => {
  const shorthands = (count: number): string =>
    `${MINIMAL}luns:\n${Array.from({ length: count }, (_, index) => `  Short${index}: Gold ${index}\n`).join("")}`;

  it("takes a time that grows with its size: with its square, this would run far into the test's time limit", async () => {
    expect(Object.keys((await load(shorthands(80_000))).luns)).toHaveLength(80_000);
  });

  it("is told the line of a key that is said twice, and the first ten issues", async () => {
    const twice = await refusal(load(`${shorthands(2_000)}  Short7: Gold 7\n`));
    expect(twice.found).toMatchObject({ issues: [{ path: "", line: 2_009 }] });
    const wrong = await refusal(load(shorthands(2_000).replaceAll(/: Gold \d+/g, ": 7")));
    const issues = Array.from({ length: 10 }, (_, index) => ({
      path: `luns.Short${index}`,
      line: 9 + index,
      message: "must be of type string",
    }));
    expect(wrong.found).toMatchObject({ issues });
  });
});

describe("the published JSON schema", () => {
  const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(configJsonSchema());

  it("takes what the program takes", () => {
    expect(validate(parse(`${MINIMAL}approval: {planTtl: 5m}\nstore: {postgres: {env: PG}}\n`))).toBe(true);
  });

  it("refuses a literal secret and an unknown key", () => {
    expect(validate(parse(MINIMAL.replace("{env: DGS_PASSWORD}", "text")))).toBe(false);
    expect(validate(parse(`${MINIMAL}limit: {}\n`))).toBe(false);
  });

  it("describes each key", () => {
    expect(leaves(configJsonSchema()).filter(({ described }) => !described)).toEqual([]);
  });

  it("has no key that nothing reads", async () => {
    const dir = fileURLToPath(new URL("../../src", import.meta.url));
    const names = (await readdir(dir, { recursive: true })).filter((name) =>
      /^(?!config.schema|lab).*\.ts$/.test(name),
    );
    const source = (await Promise.all(names.map((name) => readFile(join(dir, name), "utf8")))).join("\n");
    // What the schema itself turns into something else, and what that is read as.
    const readAs: Record<string, string> = {
      "store.postgres": 'kind === "postgres"',
      ...Object.fromEntries(ROLES.map((role) => [`http.scopes.${role}`, "scopes[role]"])),
      ...Object.fromEntries(ROLES.map((role) => [`http.oauth.groups.${role}`, "groups?.[role]"])),
      ...Object.fromEntries(MODES.map((mode) => [`approval.${mode}`, "approval.policy"])),
    };
    const isRead = ({ name, path }: { name: string; path: string }): boolean =>
      source.includes(readAs[path] ?? "\0") || new RegExp(`[.{,]\\s*${name}\\b(?![(:])|"${name}" in `).test(source);
    const unread = leaves(configJsonSchema()).filter((leaf) => !isRead(leaf));
    expect(unread.map(({ path }) => path)).toEqual([]);
  });
});

const node = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
});

/** Each member that the schema has, at any depth. */
function leaves(schema: unknown, path = ""): { name: string; path: string; described: boolean }[] {
  const { properties = {}, items, anyOf = [] } = node.parse(schema ?? {});
  return [
    ...Object.entries(properties).flatMap(([name, inner]) => [
      { name, path: `${path}${name}`, described: (node.parse(inner).description ?? "") !== "" },
      ...leaves(inner, `${path}${name}.`),
    ]),
    ...(items === undefined ? [] : leaves(items, path)),
    ...anyOf.flatMap((form) => leaves(form, path)),
  ];
}
