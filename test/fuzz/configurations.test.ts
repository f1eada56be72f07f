/** Configuration files that are nearly right, or nothing of the kind: read alike each time, or refused with what is wrong where. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import { settle } from "../faults/case.ts";
import { wrongInError, wrongInGiven } from "../faults/judge.ts";
import { amount, SEED, TIME_LIMIT_MS } from "./amount.ts";
import { anyEdit, edited, hostileText } from "./hostile.ts";
import { anyNodeChange, otherJson } from "./tampering.ts";
import { watchProcess } from "./watch.ts";

const FILES = amount({ short: 400, long: 100_000 });
const CANARY = "canary-in-the-wrong-place";

/** All that a site may have in it, so that every key is met. */
const full = (dir: string): object => ({
  array: {
    kind: "ontap",
    url: "https://array.example.net",
    username: "atvm",
    password: { file: join(dir, "password") },
    tls: { thumbprint: Array.from({ length: 32 }, () => "AB").join(":") },
    settings: { svm: "svm1" },
  },
  vcenter: {
    address: "vcenter.example.net",
    username: "atvm@vsphere.local",
    password: { env: "VCENTER_PASSWORD" },
    tls: { ca: join(dir, "ca.pem") },
  },
  proxy: "none",
  register: { folder: "Lab/Automated" },
  pairs: [
    { client: "CDS1-ESX165", host: "192.168.1.165" },
    { client: "CDS1-ESX166", host: "192.168.1.166" },
  ],
  defaults: { client: "CDS1-ESX165", host: "192.168.1.165" },
  luns: { Gold: "AutomatedTest-VMBootImg-Gold" },
  approval: { default: "token", rollback: "human", cli: "allow", answerWithin: "10m" },
  limits: { vcenterCall: "30s", busyTries: 5, powerOffs: 16, openPlans: 100 },
  store: { sqlite: join(dir, "atvm.db"), keep: "400d" },
  log: { dir: join(dir, "log"), level: "info" },
  controller: { hostname: "controller", address: "192.0.2.9" },
  admins: ["os:alice"],
  http: {
    url: "https://atvm.example.net:8321",
    limits: { perMinute: 600 },
    oauth: { issuer: "https://sso.example.net", console: { clientId: "atvm" } },
  },
  script: { command: ["/opt/atvm/atvm_prep.py"], conditionFixed: true },
});

const anyFile = (dir: string): fc.Arbitrary<Buffer> => {
  const text = (document: unknown): Buffer => Buffer.from(stringify(document));
  const edits = fc.array(anyEdit, { maxLength: 4 });
  const place = fc.double({ min: 0, max: 0.999999, noNaN: true });
  return fc.oneof(
    edits.map((all) => all.reduce(edited, text(full(dir)))),
    fc
      .array(fc.tuple(place, anyNodeChange), { minLength: 1, maxLength: 3 })
      .map((changes) =>
        text(changes.reduce<unknown>((document, [at, change]) => otherJson(document, at, change), full(dir))),
      ),
    hostileText.map((value) => Buffer.from(value)),
    fc.jsonValue().map(text),
    // A password where its place should stand, as people write it at first.
    place.map((at) => text(otherJson(full(dir), at, { kind: "replace", value: CANARY }))),
  );
};

const dir = await mkdtemp(join(tmpdir(), "atvm-fuzz-"));
afterAll(() => rm(dir, { recursive: true, force: true }));

test(
  "every file is read, or refused by code and place",
  async () => {
    const file = join(dir, "atvm.config.yaml");
    await writeFile(join(dir, "password"), "the-password-itself\n", { mode: 0o600 });
    const load = () => settle(loadConfig({ file, env: { HOME: dir, VCENTER_PASSWORD: "the-other-one" }, cwd: dir }));
    // Only what differs from a file that is taken shows something.
    await writeFile(file, stringify(full(dir)));
    expect(await loadConfig({ file, env: { HOME: dir, VCENTER_PASSWORD: "the-other-one" }, cwd: dir })).toMatchObject({
      file,
    });
    const watch = watchProcess();
    const ends = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(anyFile(dir), async (bytes) => {
        await writeFile(file, bytes, { mode: 0o600 });
        const config = await load();
        const isRefused = config instanceof PrepError;
        const given = isRefused ? config.toRecord() : config.warnings;
        expect(wrongInGiven(given, ["the-password-itself", "the-other-one"])).toEqual([]);
        if (isRefused) {
          expect(wrongInError(config)).toEqual([]);
          expect(["CONFIG_INVALID", "CREDENTIALS_MISSING"]).toContain(config.code);
          expect(config.message).toContain("atvm.config.yaml");
        } else {
          expect(await load()).toEqual(config);
        }
        const end = isRefused ? config.code : "read";
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }),
      { numRuns: FILES, seed: SEED },
    );
    expect(watch.unhandled).toEqual([]);
    watch.stop();
    if (process.env["ATVM_FUZZ_SHOW"] !== undefined) process.stderr.write(`${JSON.stringify([...ends])}\n`);
    expect(ends.size).toBeGreaterThan(1);
  },
  TIME_LIMIT_MS,
);
