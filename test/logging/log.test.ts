import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Secret } from "../../src/config/secrets.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import { createLog, type LogOptions } from "../../src/logging/log.ts";
import { redactText, registerSecret } from "../../src/logging/redact.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "atvm-log-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const file = (): string => join(dir, "atvm_prep.log");

async function logged(
  say: (log: Awaited<ReturnType<typeof createLog>>["log"]) => void,
  more: Partial<LogOptions> = {},
) {
  const { log, close } = await createLog({ dir, level: "debug", ...more });
  say(log);
  await close();
  const text = await readFile(file(), "utf8");
  return {
    text,
    lines: text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  };
}

describe("a line", () => {
  it("is one JSON object with time, level, process, part, data and message", async () => {
    const { lines } = await logged((log) => log.info({ runId: "r1", step: { kind: "assign" } }, "step begins"), {
      name: "runner",
    });
    expect(lines).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        pid: process.pid,
        name: "runner",
        runId: "r1",
        step: { kind: "assign" },
        msg: "step begins",
      },
    ]);
  });

  it("below the level is left out", async () => {
    const { lines } = await logged(
      (log) => {
        log.info({}, "quiet");
        log.warn({}, "loud");
      },
      { level: "warn" },
    );
    expect(lines.map((line) => line.msg)).toEqual(["loud"]);
  });

  it("stays one line, with controls and bidi marks escaped, and keeps what was said", async () => {
    const nasty = 'vm\n{"level":"info"}\u001b[2J\u0085\u2028\u202egnp\u007f';
    const { text, lines } = await logged((log) => log.info({ vm: nasty }, nasty));
    expect(lines).toHaveLength(1);
    expect(lines[0].vm).toBe(nasty);
    expect(text.trimEnd()).not.toMatch(/[^\P{Cc}]|[\u2028\u202e]/u);
  });
});

describe("secrets", () => {
  it("are blanked by the names of members, at any depth", async () => {
    const data = {
      password: "canary-1",
      nested: [{ Authorization: "canary-2", planToken: "canary-3", headers: { "set-cookie": ["canary-4"] } }],
      vmware_soap_session: "canary-5",
      cause: new Map([["apiKey", "canary-6"]]),
      user: "operator",
    };
    const { text, lines } = await logged((log) => log.info(data, "m"));
    expect(text).not.toContain("canary");
    expect(lines[0].user).toBe("operator");
  });

  it("are blanked by value once they were revealed: in messages, data, keys and stacks, in each spelling", async () => {
    const value = `ca"na&ry <7>/ü`;
    await Secret.fromEnv("CANARY", { CANARY: value }).reveal();
    const cause = new Error(`inner ${encodeURIComponent(value)}`);
    const error = new PrepError("REMOTE_FAULT", `said ${value}`, {
      hint: "h",
      found: { [value]: `x${value}x` },
      cause,
    });
    const { text, lines } = await logged((log) => {
      log.error(
        { error, xml: "<p>ca&quot;na&amp;ry &lt;7&gt;/ü</p>", basic: Buffer.from(value).toString("base64") },
        `m ${value}`,
      );
      log.error(error, "alone");
    });
    expect(text).not.toMatch(/na&|na&amp;|na%26|ry <7>/);
    expect(text).not.toContain(Buffer.from(value).toString("base64"));
    expect(lines[0].error).toMatchObject({ type: "PrepError", code: "REMOTE_FAULT", message: "said [redacted]" });
    expect(lines[0].error.stack).toContain("said [redacted]");
    expect(lines[0].error.cause.message).toBe("inner [redacted]");
    expect(lines[1].err.message).toBe("said [redacted]");
  });

  it("are blanked by their shape in free text", () => {
    for (const text of [
      "Authorization: Bearer canary.canary",
      'Cookie: vmware_soap_session="canary"; Path=/',
      "<ns:password xsi:type='x'>canary</ns:password>",
      "postgres://user:canary@db/atvm",
      '{"password":"canary"}',
    ]) {
      expect(redactText(text)).not.toContain("canary");
    }
    expect(redactText("the token expired, https://dgs/api is fine")).toBe("the token expired, https://dgs/api is fine");
  });

  it("that are over are forgotten, unless another one has the same value", () => {
    const first = registerSecret("session-abc");
    const second = registerSecret("session-abc");
    first();
    first();
    expect(redactText("session-abc")).toBe("[redacted]");
    second();
    expect(redactText("session-abc")).toBe("session-abc");
  });
});

describe("data that JSON cannot hold", () => {
  it("is told in short: cycles, depth, long lists, bytes, big numbers", async () => {
    const ring: Record<string, unknown> = {
      n: 1n,
      bytes: new Uint8Array(3),
      many: Array.from({ length: 300 }, () => 0),
    };
    ring["self"] = ring;
    const { lines } = await logged((log) => log.info({ ring }, "m"));
    expect(lines[0].ring).toMatchObject({ n: "1", bytes: "[3 bytes]", self: "[circular]" });
    expect(lines[0].ring.many).toHaveLength(201);
  });
});

describe("the file", () => {
  it("is for this account only, in a directory of its own", async () => {
    const deep = join(dir, "a/b");
    const { close } = await createLog({ dir: deep, level: "info" });
    await close();
    expect((await stat(join(deep, "atvm_prep.log"))).mode & 0o777).toBe(0o600);
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
  });

  it("loses the access that others had", async () => {
    await writeFile(file(), "");
    await chmod(file(), 0o644);
    await logged((log) => log.info({}, "m"));
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it("that cannot be written is a mistake in the configuration, told at once", async () => {
    await writeFile(join(dir, "occupied"), "");
    const opening = createLog({ dir: join(dir, "occupied/log"), level: "info" });
    await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining("log.dir") });
  });

  it("rotates to .1 to .5 and drops what is older", async () => {
    for (let n = 0; n < 8; n += 1) {
      const { log, close } = await createLog({ dir, level: "info", rotateAt: 300 });
      log.info({ n }, "x".repeat(300));
      await close();
    }
    const names = (await readdir(dir)).sort();
    expect(names).toEqual(["atvm_prep.log", ...[1, 2, 3, 4, 5].map((n) => `atvm_prep.log.${n}`)]);
    expect((await stat(join(dir, "atvm_prep.log.1"))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(join(dir, "atvm_prep.log.5"), "utf8"))).toMatchObject({ n: 3 });
  });

  it("follows when another process has rotated it", async () => {
    const { log, close } = await createLog({ dir, level: "info" });
    log.info({}, "first");
    await vi.waitFor(async () => expect(await readFile(file(), "utf8")).toContain("first"));
    await rename(file(), `${file()}.1`);
    await writeFile(file(), "", { mode: 0o600 });
    log.info({}, "second");
    await close();
    expect(await readFile(file(), "utf8")).toContain("second");
    expect(await readFile(`${file()}.1`, "utf8")).not.toContain("second");
  });

  it.each([
    ["a lock that a dead process left", 0],
    ["one that is dated in the future", Date.now() / 1000 + 2 * 365 * 86_400],
  ])("is not held up for good by %s", async (_what, time) => {
    const lock = `${file()}.lock`;
    await mkdir(lock);
    await utimes(lock, time, time);
    const { lines } = await logged((log) => log.info({}, "m"));
    expect(lines).toHaveLength(1);
    expect(await readdir(dir)).toEqual(["atvm_prep.log"]);
  });

  it("whose folder is removed says so on standard error, once until it can be written again", async () => {
    const said: string[] = [];
    const { log, close } = await createLog({ dir, level: "info", stderr: { write: (text) => said.push(text) } });
    /** Each line is a batch of its own. */
    const line = async (text: string): Promise<void> => {
      log.info({}, text);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const sentence = `atvm_prep: the log ${file()} cannot be written (ENOENT); its lines are lost until it can.\n`;
    await rm(dir, { recursive: true });
    await line("lost");
    await vi.waitFor(() => expect(said).toEqual([sentence]));
    await line("lost too");
    await mkdir(dir);
    await vi.waitFor(async () => {
      await line("kept");
      expect(await readFile(file(), "utf8")).toContain("kept");
    });
    await rm(dir, { recursive: true });
    await line("lost again");
    await close();
    expect(said).toEqual([sentence, sentence]);
  });

  it("does not stop the program when it cannot be written any more", async () => {
    const said: string[] = [];
    const { log, close } = await createLog({ dir, level: "info", stderr: { write: (text) => said.push(text) } });
    await rm(dir, { recursive: true });
    await writeFile(dir, "a file where the directory was");
    log.info({}, "lost");
    await close();
    expect(said.join("")).toMatch(/cannot be written \(ENOTDIR\)/);
  });

  it("takes nothing after its end, and nothing comes of trying", async () => {
    const { log, close } = await createLog({ dir, level: "info" });
    log.info({}, "before");
    const ended = close();
    log.error({}, "a call that the end cut short");
    await ended;
    log.error({}, "and another");
    expect(await readFile(file(), "utf8")).toMatch(/^.*"before".*\n$/);
  });

  it("takes whole lines from several processes that rotate it under each other", async () => {
    const writer = `
      import { createLog } from ${JSON.stringify(new URL("../../src/logging/log.ts", import.meta.url).href)};
      const { log, close } = await createLog({ dir: ${JSON.stringify(dir)}, level: "info", rotateAt: 60_000 });
      for (let n = 0; n < 200; n += 1) {
        log.info({ who: process.argv[1], n }, "x".repeat(100));
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await close();`;
    const ends = ["a", "b", "c"].map(
      (who) =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, ["--input-type=module", "-e", writer, who], { stdio: "inherit" }).on("exit", resolve);
        }),
    );
    expect(await Promise.all(ends)).toEqual([0, 0, 0]);
    const said: string[] = [];
    for (const name of await readdir(dir)) {
      const lines = (await readFile(join(dir, name), "utf8")).trimEnd().split("\n");
      said.push(
        ...lines
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line))
          .map(({ who, n }) => `${who}${n}`),
      );
    }
    expect(await readdir(dir)).toContain("atvm_prep.log.1");
    expect(new Set(said).size).toBe(said.length);
    expect(said.length).toBe(600);
  });
});
