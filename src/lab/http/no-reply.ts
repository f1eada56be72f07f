/** What a server does to a call instead of answering it. The responses go nowhere. */
import { once } from "node:events";
import type { Bindings } from "./listen.ts";

const NOWHERE = 500;

/** Closes the connection. */
export function cut(env: Bindings): Response {
  env.incoming.socket.destroy();
  return new Response(null, { status: NOWHERE });
}

/** Says nothing on the connection until the caller gives it up, or until `cleared` aborts: then it is closed, and the reply is lost. */
export async function hang(env: Bindings, cleared: AbortSignal): Promise<Response> {
  const connection = env.incoming.socket;
  if (cleared.aborted || connection.destroyed) return cut(env);
  const close = (): void => void connection.destroy();
  cleared.addEventListener("abort", close);
  await once(connection, "close");
  cleared.removeEventListener("abort", close);
  return new Response(null, { status: NOWHERE });
}
