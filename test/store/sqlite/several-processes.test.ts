import { describe, expect, it } from "vitest";
import { processesContract } from "../contract/processes.ts";
import { appendNext } from "../rows.ts";
import { startChild } from "../spawn.ts";
import { freshPath, openStore, SQLITE } from "./samples.ts";

processesContract(SQLITE);

describe("a file that takes no more", () => {
  it("makes writes AUDIT_UNWRITABLE, and keeps what was committed", async () => {
    const path = freshPath();
    const child = startChild(["fill", path], ["sh", "-c", 'ulimit -f 500; exec "$@"', "sh"]);
    const said = await child.until("AUDIT_UNWRITABLE");
    expect(said).toContain(`${path} cannot be written: SQLite says`);
    await child.kill();

    const store = await openStore(path);
    const rows = await store.read((tx) => tx.audit({}));
    expect(rows.length).toBeGreaterThan(5);
    expect(await store.write((tx) => appendNext(tx))).toBe(rows.length + 1);
  });
});
