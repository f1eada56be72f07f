import { vmsView } from "../text/views.ts";
import { resource } from "./define.ts";

export const vms = resource({
  name: "vms",
  title: "VMs",
  description: "The VMs on the datastore of a client's assigned LUN.",
  uri: "atvm://clients/{client}/vms",
  complete: "client",
  read: async (client, engine, actor) => vmsView.parse(await engine.listVms({ client }, actor)),
});
