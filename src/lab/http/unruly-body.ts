/** Bodies that do not come as a reader would like them. */
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Bindings } from "./listen.ts";

type Pull = (emit: (text: string) => void, end: () => void) => Promise<void> | void;

/** The connection that the body goes over, and when it is to be broken off. */
export interface Line {
  readonly env: Bindings;
  readonly cleared: AbortSignal;
}

function bodyOf({ env, cleared }: Line, pull: Pull): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (cleared.aborted) {
        env.incoming.socket.destroy();
        return controller.close();
      }
      await pull(
        (text) => controller.enqueue(encoder.encode(text)),
        () => controller.close(),
      );
    },
  });
}

/** The text, a character at a time. */
export function trickled(text: string, ms: number, line: Line): ReadableStream<Uint8Array> {
  let at = 0;
  return bodyOf(line, async (emit, end) => {
    if (at >= text.length) return end();
    await sleep(ms, undefined, { signal: line.cleared }).catch(() => undefined);
    emit(text.slice(at, at + 1));
    at += 1;
  });
}

const CHUNK = " ".repeat(64 * 1024);

/**
 * The text without its last character, and then blanks for as long as somebody reads. That nobody does any more is heard of
 * between two of them: without the pause, writing to a connection that is gone went on for ever, and nothing else did.
 */
export function endless(text: string, line: Line): ReadableStream<Uint8Array> {
  let begun = false;
  return bodyOf(line, async (emit) => {
    emit(begun ? CHUNK : text.slice(0, -1));
    begun = true;
    await setImmediate();
  });
}

/** The text behind so many bytes of its own opening and blanks: it means the same. `opening` is the part that must come first. */
export function padded(
  { opening, rest }: { readonly opening: string; readonly rest: string },
  bytes: number,
  line: Line,
): ReadableStream<Uint8Array> {
  let left = bytes;
  let begun = false;
  return bodyOf(line, (emit, end) => {
    if (!begun) {
      begun = true;
      return emit(opening);
    }
    if (left > 0) {
      const chunk = CHUNK.slice(0, left);
      left -= chunk.length;
      return emit(chunk);
    }
    emit(rest);
    end();
  });
}
