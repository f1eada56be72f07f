import * as z from "zod";
import { targetsText } from "../text/index.ts";
import { targetsView } from "../text/views.ts";
import { readTool } from "./define.ts";

export const listTargets = readTool({
  name: "list_targets",
  title: "List targets",
  description: "Every client with its ESXi host: what it holds since when, runs, open plans, the default. Start here.",
  input: z.strictObject({}),
  result: targetsView,
  run: (_args, engine, { actor }) => engine.listTargets(actor),
  present: (found) => found,
  text: (found) => targetsText(found),
});
