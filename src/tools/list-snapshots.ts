import * as z from "zod";
import { snapshotsText } from "../text/index.ts";
import { snapshotsView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { lun } from "./inputs.ts";

export const listSnapshots = readTool({
  name: "list_snapshots",
  title: "List snapshots",
  description: 'The snapshots of a gold LUN, newest first, with age, and which one "latest" means.',
  input: z.strictObject({ lun }),
  result: snapshotsView,
  run: (args, engine, { actor }) => engine.listSnapshots(args.lun, actor),
  present: (found) => found,
  text: snapshotsText,
});
