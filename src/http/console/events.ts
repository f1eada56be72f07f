/** What a page follows: each state as a fragment of it, sent when it has changed, until nothing more will. */
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { Clock } from "../../core/ports/runtime.ts";
import type { Html } from "./layout.ts";
import { RETRY_MS } from "./script.ts";

export interface Shown {
  /** Made only where there is somebody to send it to who does not have it. */
  html(): Html;
  /** What it shows, without what the clock alone changes. */
  readonly key: string;
  /** In a sentence, for who cannot see the page change. */
  readonly status: string;
  /** Nothing changes after this. */
  readonly over?: boolean;
}

export interface Follow {
  /** Calls `show` with each state, until it is over or the signal aborts; may return at any time, and is called again. */
  next(show: (shown: Shown) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Whether whoever follows may still do so. */
  mayGoOn(): Promise<boolean>;
}

export const events = (c: Context, follow: Follow, closing: AbortSignal): Response =>
  streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const signal = AbortSignal.any([gone.signal, closing]);
    let last = "";
    let over = false;
    const show = async (shown: Shown): Promise<void> => {
      if (shown.key !== last && !signal.aborted) {
        const data = JSON.stringify({ html: String(await shown.html()), status: shown.status });
        await stream.writeSSE({ event: "state", data, retry: RETRY_MS });
      }
      last = shown.key;
      over = shown.over === true;
    };
    while (!over && !signal.aborted && (await follow.mayGoOn())) {
      await follow.next(show, signal);
      if (!signal.aborted) await ping(stream);
    }
    if (over && !signal.aborted) await stream.writeSSE({ event: "over", data: "" });
  });

/** A comment, so that nothing in between takes the connection for dead. */
const ping = async (stream: SSEStreamingApi): Promise<void> => {
  await stream.write(":\n\n");
};

const POLL_EVERY_MS = 1_000;

/** Polls what does not announce its changes, for about as long as a proxy bears silence. */
export const polling =
  (clock: Clock, read: () => Promise<Shown>): Follow["next"] =>
  async (show, signal) => {
    for (let round = 0; round < 10 && !signal.aborted; round += 1) {
      const shown = await read();
      await show(shown);
      if (shown.over === true) return;
      await clock.sleep(POLL_EVERY_MS, signal);
    }
  };
