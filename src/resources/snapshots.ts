import { snapshotsView } from "../text/views.ts";
import { resource } from "./define.ts";

export const snapshots = resource({
  name: "snapshots",
  title: "Snapshots",
  description: "The snapshots of a gold LUN, newest first.",
  uri: "atvm://luns/{lun}/snapshots",
  complete: "lun",
  read: async (lun, engine, actor) => snapshotsView.parse(await engine.listSnapshots(lun, actor)),
});
