import { once } from "node:events";
import type { Duplex } from "node:stream";

/** Says nothing on the connection until the caller gives it up, or until `cleared` aborts: then it is closed, and the reply is lost. */
export async function hold(connection: Duplex, cleared: AbortSignal): Promise<void> {
  const cut = (): void => void connection.destroy();
  if (cleared.aborted) cut();
  if (connection.destroyed) return;
  cleared.addEventListener("abort", cut);
  await once(connection, "close");
  cleared.removeEventListener("abort", cut);
}
