import { CLIENT, HOST, LUN, planFirst, prompt, REASON } from "./define.ts";

export const register = prompt({
  name: "register",
  title: "Register VMs",
  description: "Register what is found on the assigned LUN",
  arguments: [LUN, CLIENT, HOST, REASON],
  text: (values, tool) =>
    [
      "Please register the VMs found on the assigned LUN's datastore that are not registered yet.",
      "",
      planFirst(
        tool,
        "register_vms",
        values,
        "the VMs it will register",
        "Anything but a clear yes to this very plan means no.",
      ),
    ].join("\n"),
});
