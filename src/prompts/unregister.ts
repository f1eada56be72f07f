import { CLIENT, HOST, LUN, optionsOf, planFirst, prompt, REASON } from "./define.ts";

export const unregister = prompt({
  name: "unregister",
  title: "Unregister VMs",
  description: "Power off and unregister the VMs on the assigned LUN",
  arguments: [LUN, CLIENT, HOST, optionsOf("unregister"), REASON],
  text: (values, tool) =>
    [
      "Please power off and unregister the VMs on the assigned LUN's datastore.",
      "",
      planFirst(
        tool,
        "unregister_vms",
        values,
        "the VMs it will power off and unregister",
        "Anything but a clear yes to this very plan means no.",
      ),
    ].join("\n"),
});
