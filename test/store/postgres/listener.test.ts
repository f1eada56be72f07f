/** The connection that listens, where it cannot. */
import { expect, it, vi } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { targetOf } from "../../../src/store/postgres/connection.ts";
import { Listener } from "../../../src/store/postgres/listener.ts";
import { describePostgres } from "../../support/postgres.ts";
import { withPostgres } from "./samples.ts";
import { wireTo } from "./wire.ts";

describePostgres("a listener", () => {
  const { cluster, fresh } = withPostgres();

  it("whose server does not answer keeps no connection open, and listens at the next watch", async () => {
    const url = await fresh();
    const wire = await wireTo(cluster.port);
    const { place, config } = targetOf(url.replace(`:${cluster.port}/`, `:${wire.port}/`));
    const listener = new Listener({ place, config: { ...config, query_timeout: 500 } }, systemClock);
    wire.lose("LISTEN");
    await expect(listener.watch("queue", () => undefined)).rejects.toThrow("timeout");
    await vi.waitFor(() => expect(wire.connections()).toBe(0));
    wire.lose("nothing that is sent");
    const end = await listener.watch("queue", () => undefined);
    expect(wire.connections()).toBe(1);
    end();
    listener.close();
    await vi.waitFor(() => expect(wire.connections()).toBe(0));
  });
});
