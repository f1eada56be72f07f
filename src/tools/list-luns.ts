import * as z from "zod";
import { lunsText } from "../text/index.ts";
import { lunsView } from "../text/views.ts";
import { readTool } from "./define.ts";

export const listLuns = readTool({
  name: "list_luns",
  title: "List gold LUNs",
  description: "The gold LUNs with their shorthand, NAA, clones, and who holds them.",
  input: z.strictObject({}),
  result: lunsView,
  run: (_args, engine, { actor }) => engine.listLuns(actor),
  present: (found) => found,
  text: lunsText,
});
