import { lunsView } from "../text/views.ts";
import { resource } from "./define.ts";

export const luns = resource({
  name: "luns",
  title: "Gold LUNs",
  description: "The gold LUNs, their clones, and who holds them.",
  uri: "atvm://luns",
  read: async (_value, engine, actor) => lunsView.parse(await engine.listLuns(actor)),
});
