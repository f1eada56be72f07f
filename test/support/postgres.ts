/**
 * A PostgreSQL of a test file's own: the machine's binaries, a cluster in a temporary folder, an account with a password.
 * Where there are no binaries the tests are reported as skipped, with the reason; with ATVM_POSTGRES=required, as in CI,
 * they fail.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, describe, onTestFinished } from "vitest";

const PASSWORD = "c4nary-pa55word";

/** Debian keeps the programs of each version in a folder of their own, off the path. */
const DEBIAN = "/usr/lib/postgresql";

function folderOfPrograms(): string | undefined {
  const folders = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin")) : [];
  const path = (process.env["PATH"] ?? "").split(":");
  return [...folders.toSorted().toReversed(), ...path].find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")),
  );
}

const programs = folderOfPrograms();
const left = programs === undefined && process.env["ATVM_POSTGRES"] !== "required";
if (left) {
  process.stderr.write(
    "PostgreSQL is not installed here (apt-get install postgresql pgbouncer): its tests are left out. CI runs them.\n",
  );
}

export const postgresIsThere = !left;

/** For whatever needs the database; says so where it is left out. */
export const describePostgres = describe.skipIf(left);

/** Who the programs run as: they refuse to be root. */
function serviceAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid = 0, gid = 0] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })),
  );
  return { uid, gid };
}

function runAsService(program: string, args: readonly string[]): void {
  execFileSync(program, args, { ...serviceAccount(), cwd: "/", stdio: ["ignore", "ignore", "inherit"] });
}

/** A folder that the programs can write. */
function serviceFolder(path: string): string {
  mkdirSync(path, { mode: 0o700 });
  const { uid, gid } = serviceAccount();
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  return path;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/**
 * Ends the server with the process that started it, however that ends: its standard input is then closed. `$0` is the
 * folder, which goes too.
 */
const WITH_ITS_STARTER = '"$@" & server=$!; cat >/dev/null; kill -QUIT "$server"; wait "$server"; rm -rf "$0"/*';

/** Resolves once the server takes connections. */
async function answering(url: string): Promise<void> {
  for (;;) {
    const client = new Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export interface Cluster {
  readonly port: number;
  /** A folder of the tests' own. */
  readonly dir: string;
  /** Starts it, once; whatever needs it waits for that. */
  ready(): Promise<void>;
  url(database: string, port?: number): string;
  /** A new, empty database; its URL. */
  fresh(): Promise<string>;
  /** Runs SQL as the superuser, in the store's schema of that database. */
  sql(url: string, text: string): Promise<Record<string, unknown>[]>;
  readonly password: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A pooler in front of it, until the end of the test; its port. */
  pooler(mode: "session" | "transaction" | "statement"): Promise<number>;
}

const clusters: (() => Promise<void>)[] = [];

afterAll(async () => {
  await Promise.all(clusters.splice(0).map((remove) => remove()));
});

/**
 * A cluster for the tests of this file, started when it is first needed; it ends with them, and with the process that runs
 * them wherever that is ended.
 */
export function withCluster(): Cluster {
  let port = 0;
  let dir = "";
  let made = 0;
  const control = (...words: string[]): void => {
    runAsService(join(programs ?? "", "pg_ctl"), ["-D", join(dir, "data"), "-s", "-w", ...words]);
  };
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const data = join(dir, "data");
    const options = ["-p", String(port), "-k", data, "-c", "listen_addresses=127.0.0.1"];
    const more = ["-c", "fsync=off", "-c", "max_connections=200"];
    const log = openSync(join(dir, "log"), "a");
    server = spawn(
      "sh",
      ["-c", WITH_ITS_STARTER, data, join(programs ?? "", "postgres"), "-D", data, ...options, ...more],
      {
        ...serviceAccount(),
        cwd: "/",
        stdio: ["pipe", log, log],
      },
    );
    closeSync(log);
    server.unref();
    await answering(url("postgres"));
  };
  const url = (database: string, at = port): string => `postgres://postgres:${PASSWORD}@127.0.0.1:${at}/${database}`;
  const sql = async (at: string, text: string): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString: at, options: "-c search_path=atvm" });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  let starting: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    if (programs === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql pgbouncer");
    dir = mkdtempSync(join(tmpdir(), "atvm-pg-"));
    chmodSync(dir, 0o755);
    const data = serviceFolder(join(dir, "data"));
    const secret = join(dir, "password");
    writeFileSync(secret, PASSWORD);
    port = await freePort();
    runAsService(join(programs, "initdb"), [
      ...["-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret],
      ...["-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
    ]);
    await start();
  };
  const ready = (): Promise<void> => {
    starting ??= make();
    return starting;
  };
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    control("-m", "fast", "stop");
    await ended(server);
    server = undefined;
  };
  clusters.push(async () => {
    await stop();
    if (dir !== "") rmSync(dir, { recursive: true, force: true });
  });
  return {
    get port() {
      return port;
    },
    get dir() {
      return dir;
    },
    ready,
    url,
    sql,
    fresh: async () => {
      await ready();
      made += 1;
      const name = `store${made}`;
      await sql(url("postgres"), `CREATE DATABASE ${name}`);
      return url(name);
    },
    password: PASSWORD,
    start,
    stop,
    pooler: async (mode) => {
      const at = await freePort();
      const folder = serviceFolder(join(dir, `pooler-${at}`));
      const users = join(folder, "users.txt");
      writeFileSync(users, `"postgres" "${PASSWORD}"\n`, { mode: 0o644 });
      const settings = {
        ...{ listen_addr: "127.0.0.1", listen_port: at, unix_socket_dir: "", auth_type: "scram-sha-256" },
        ...{ auth_file: users, pool_mode: mode, logfile: join(folder, "log") },
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
      const file = join(folder, "pgbouncer.ini");
      writeFileSync(file, `[databases]\n* = host=127.0.0.1 port=${port}\n[pgbouncer]\n${lines.join("\n")}\n`);
      const child = spawn(POOLER, ["-q", file], {
        ...serviceAccount(),
        cwd: "/",
        stdio: ["ignore", "ignore", "inherit"],
      });
      onTestFinished(() => ended(child));
      await listening(at);
      return at;
    },
  };
}

/** Debian's place for it, which is on root's path only. */
const POOLER = "/usr/sbin/pgbouncer";

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, "exit");
  child.kill("SIGKILL");
  await over;
}

/** Resolves once something answers there. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const answered = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
