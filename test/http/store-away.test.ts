/** A store that cannot be read just now: each door says so, and when to come again, without a word of where it is. */
import { beforeAll, expect, it } from "vitest";
import { type Bench, withEngine } from "../support/engine.ts";
import { serverOver } from "../support/http.ts";
import { describePostgres, withCluster } from "../support/postgres.ts";
import { modernRequest, post } from "../support/wire.ts";

describePostgres("while the database does not answer", () => {
  const cluster = withCluster();
  let bench: Bench;
  beforeAll(async () => {
    bench = await withEngine({}, {}, cluster);
  }, 120_000);

  it("a token, a page and the metrics are answered 503, with Retry-After and the code, and as before afterwards", async () => {
    const server = await serverOver(bench.app);
    const token = await server.token("viewer");
    const list = modernRequest("tools/list", {});
    const link = `${server.base}/console/sign-in?link=${"a".repeat(43)}`;
    expect((await post(server, list, token)).status).toBe(200);
    await cluster.stop();
    const answers = await Promise.all([
      post(server, list, token),
      fetch(`${server.base}/metrics`, { headers: { authorization: `Bearer ${token}` } }),
      fetch(link),
    ]).finally(() => cluster.start());
    for (const answer of answers) {
      expect([answer.url, answer.status]).toEqual([answer.url, 503]);
      expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      expect(answer.headers.get("www-authenticate")).toBeNull();
      const said = await answer.text();
      expect(said).toContain("STORE_UNUSABLE");
      for (const detail of [String(cluster.port), "ECONNREFUSED", "postgres:", "127.0.0.1"])
        expect(said).not.toContain(detail);
    }
    expect((await post(server, list, token)).status).toBe(200);
  }, 60_000);
});
