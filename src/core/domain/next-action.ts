/**
 * What may be done next, as data. How a person or an assistant does it depends on where they stand: the room `text/`
 * words it, once for an assistant and once for a terminal.
 */
import * as z from "zod";

const id = z.string();

/** Made on its first use: a start has none for it. */
export const nextActionSchema = z.lazy(() =>
  z.discriminatedUnion("kind", [
    /** The same request, planned anew. */
    z.object({ kind: z.literal("plan_again") }),
    /** The same request with one more option. */
    z.object({
      kind: z.literal("plan_with"),
      option: z.enum(["keepClone", "forcePowerOff", "crashConsistent", "releaseFirst"]),
    }),
    /** Make a volume available first: a clone for tests, or gold for maintenance. */
    z.object({ kind: z.literal("prepare") }),
    z.object({ kind: z.literal("maintain") }),
    z.object({ kind: z.literal("register"), lun: z.string(), client: z.string() }),
    z.object({ kind: z.literal("release"), lun: z.string(), client: z.string() }),
    /** A person's approval on a channel of their own; the plan can be confirmed after it. */
    z.object({ kind: z.literal("approve"), planId: id }),
    /** Confirm the same plan again, to be asked again. */
    z.object({ kind: z.literal("confirm_again"), planId: id }),
    /** The question is still open: confirm again once it is answered. */
    z.object({ kind: z.literal("confirm_once_answered"), planId: id }),
    z.object({ kind: z.literal("discard_plans") }),
    z.object({ kind: z.literal("see_plans") }),
    z.object({ kind: z.literal("see_luns") }),
    z.object({ kind: z.literal("see_snapshots"), lun: z.string() }),
    z.object({ kind: z.literal("see_targets") }),
    z.object({ kind: z.literal("see_runs") }),
    z.object({ kind: z.literal("show_run"), runId: id }),
    z.object({ kind: z.literal("follow_run"), runId: id }),
    z.object({ kind: z.literal("stop_run"), runId: id }),
    z.object({ kind: z.literal("resume"), runId: id }),
    z.object({ kind: z.literal("verify_audit") }),
    /** Something to know or to do that is the same everywhere. */
    z.object({ kind: z.literal("note"), text: z.string() }),
  ]),
);
export type NextAction = z.infer<typeof nextActionSchema>;

/** As stored. Records of an earlier release hold sentences. */
export const storedNextActions = z.lazy(() =>
  z.array(z.union([nextActionSchema, z.string().transform((text): NextAction => ({ kind: "note", text }))])),
);
