/** Another process on the same store. It says on stdout what it has done, line by line, and lives until it is killed. */

import { asPrepError } from "../../src/core/domain/errors.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { appendNext, auditRow } from "./rows.ts";

const [command = "", path = "", argument = ""] = process.argv.slice(2);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const stayAlive = (): Promise<never> =>
  new Promise(() => {
    setInterval(() => {}, 60_000);
  });

try {
  const store = path.startsWith("postgres:")
    ? (await openPostgresStore({ url: path, heads: process.env["ATVM_TEST_HEADS"] ?? "", clock: systemClock })).store
    : await openSqliteStore({ path, clock: systemClock });
  say(`opened ${store.id}`);
  switch (command) {
    case "append":
      for (let row = 0; row < Number(argument); row += 1) {
        await store.write((tx) => appendNext(tx, { actor: `pid:${process.pid}` }));
      }
      say("appended");
      await store.close();
      break;
    case "stop-in-write":
      await store.write(async (tx) => {
        await appendNext(tx);
        say("written");
        await stayAlive();
      });
      break;
    case "stop-after-write":
      await store.write((tx) => appendNext(tx));
      say("written");
      await stayAlive();
      break;
    case "lock":
    case "share": {
      const names = argument.split(",");
      const lock = await store.tryLock(command === "lock" ? { exclusive: names } : { exclusive: [], shared: names });
      say(lock === undefined ? "refused" : "held");
      await stayAlive();
      break;
    }
    case "fill":
      for (let seq = 1; ; seq += 1) {
        await store.write((tx) => tx.appendAudit(auditRow(seq, { data: "x".repeat(2000) })));
      }
    case "look": {
      const rows = await store.read((tx) => tx.audit({}));
      say(`read ${rows.length}`);
      await store.write((tx) => appendNext(tx));
      say("written");
      break;
    }
  }
} catch (thrown) {
  const error = asPrepError(thrown);
  say(`${error.code} ${error.message}`);
}
