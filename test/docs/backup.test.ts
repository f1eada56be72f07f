/** How docs/site-setup.md makes and checks a backup, as it stands there: of a store that is being written. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyChain } from "../../src/core/audit-chain.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { withEngine } from "../support/engine.ts";
import { isThere } from "../support/required.ts";

const hasSqlite = spawnSync("sqlite3", ["--version"]).status === 0;

const page = await readFile(new URL("../../docs/site-setup.md", import.meta.url), "utf8");
const [block] = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text = ""]) =>
  text.includes("back_up") ? [text] : [],
);

const bench = await withEngine({}, {}, "sqlite");

const CALL = { tool: "list_luns", arguments: {}, outcome: "answered", ms: 1 } as const;

/** The block's exit code, with this store; `instead` stands in place of a command. The account is this process's own. */
async function backUp(state: string, instead = ""): Promise<number | null> {
  const settings = `ACCOUNT=x STATE='${state}'\nrunuser() { shift 3; "$@"; }\ninstall() { mkdir -p "\${@: -1}"; }\n`;
  const shell = spawn("bash", ["-euo", "pipefail", "-c", `${settings}${instead}\n${block}`], { stdio: "ignore" });
  const [code] = await once(shell, "close");
  return code;
}

/** A folder as the page's: the bench's store under the page's name. */
async function stateFolder(name: string): Promise<string> {
  const state = join(bench.dir, name);
  await bench.app.engine.recordCall(CALL, bench.actor);
  await mkdir(state);
  const { status } = spawnSync("sh", [
    "-c",
    `cd "$0" && ln -s ../atvm.config.sqlite atvm.db && cp ../audit-heads.log .`,
    state,
  ]);
  expect(status).toBe(0);
  return state;
}

describe.skipIf(!isThere(hasSqlite, "sqlite3"))("a backup, as the page makes it", () => {
  it("of a store that is being written is whole, and its audit chain holds", async () => {
    const state = await stateFolder("busy");
    const done = new AbortController();
    const writing = (async () => {
      let rows = 0;
      for (; !done.signal.aborted; rows += 1)
        await bench.app.engine.recordCall(
          { tool: "list_luns", arguments: {}, outcome: "answered", ms: 1 },
          bench.actor,
        );
      return rows;
    })();
    try {
      expect(await backUp(state)).toBe(0);
    } finally {
      done.abort();
    }
    expect(await writing).toBeGreaterThan(0);
    // Put back under its own name, by which the file of heads knows it.
    const restored = join(state, "backup", "atvm.config.sqlite");
    await rename(join(state, "backup", "atvm.db"), restored);
    const copy = await openSqliteStore({ path: restored, clock: systemClock });
    expect(await verifyChain(copy)).toMatchObject({ holds: true, problems: [] });
    await copy.close();
  });

  it.each([
    ["leaves an empty file and says nothing", `: > "$STATE/backup/atvm.db"`],
    ["is cut off", `command sqlite3 "$@" && truncate -s 20000 "$STATE/backup/atvm.db"`],
    [
      "has bytes of somebody else's",
      `command sqlite3 "$@" && yes | dd of="$STATE/backup/atvm.db" bs=1 seek=5000 count=9000 conv=notrunc`,
    ],
  ])("that %s is none", async (name, instead) => {
    const state = await stateFolder(name.replaceAll(/\W+/g, "-"));
    const stub = `sqlite3() { case "$*" in *.backup*) ${instead} ;; *) command sqlite3 "$@" ;; esac; }`;
    expect(await backUp(state, stub)).not.toBe(0);
    expect((await stat(join(state, "backup"))).isDirectory()).toBe(true);
  });
});
