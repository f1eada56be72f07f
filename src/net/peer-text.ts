/** What another system says when something goes wrong. It may repeat what it was sent, and what it says is shown and stored. */
import { type SafeText, safeText } from "../core/domain/safe-text.ts";
import { redactText } from "../logging/redact.ts";

/** Safe to show, and without secrets: before anything is cut, since half a secret would not be known as one. */
export const peerText = (raw: string, cap?: number): SafeText => safeText(redactText(raw), cap);
