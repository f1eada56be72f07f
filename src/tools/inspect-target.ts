import * as z from "zod";
import { inspectText, presentInspection } from "../text/index.ts";
import { inspectView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { client, host, lun } from "./inputs.ts";

export const inspectTarget = readTool({
  name: "inspect_target",
  title: "Inspect a target",
  description:
    "All that a client and its host have now: volumes (gold or clone, of which snapshot), datastore, VMs, leftovers, open plans, runs.",
  input: z.strictObject({ lun: lun.exactOptional(), client, host }),
  result: inspectView,
  run: (args, engine, { actor }) => engine.inspect(args, actor),
  present: presentInspection,
  text: inspectText,
});
