/** A wire between the program and its server that can be cut while a commit is on its way, or lose what is sent. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Wire {
  readonly port: number;
  /**
   * Cuts the connection of the next commit: `before` the server has heard of it, or `after` it has answered, which the
   * program then does not hear. Other connections go on.
   */
  cutNextCommit(when: "before" | "after"): void;
  /** From now on the server does not hear of statements with this text, and so does not answer them. */
  lose(text: string): void;
  /** How many connections of the program are open. */
  connections(): number;
}

/** Ends the test with the wire. */
export async function wireTo(port: number): Promise<Wire> {
  let cut: "before" | "after" | undefined;
  let lost: string | undefined;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let dying = false;
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (sent) => {
      if (lost !== undefined && sent.includes(lost)) return;
      // A simple query is `Q`, its length, its text, and a zero; `READ COMMITTED` is in another.
      if (cut !== undefined && sent.includes("COMMIT\0")) {
        dying = true;
        const [when] = [cut];
        cut = undefined;
        if (when === "before") {
          near.destroy();
          return;
        }
      }
      far.write(sent);
    });
    far.on("data", (answer) => {
      if (dying) near.destroy();
      else near.write(answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cutNextCommit: (when) => {
      cut = when;
    },
    lose: (text) => {
      lost = text;
    },
    // Each has an end here and one at the server.
    connections: () => open.size / 2,
  };
}
