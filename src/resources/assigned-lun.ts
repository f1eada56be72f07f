import { presentInspection } from "../text/index.ts";
import { inspectView } from "../text/views.ts";
import { resource } from "./define.ts";

export const assignedLun = resource({
  name: "assigned-lun",
  title: "Assigned LUN",
  description: "What is assigned to a client now, and what is under way there.",
  uri: "atvm://clients/{client}/assigned-lun",
  complete: "client",
  read: async (client, engine, actor) => inspectView.parse(presentInspection(await engine.inspect({ client }, actor))),
});
