import { CLIENT, HOST, LUN, optionsOf, planFirst, prompt, REASON } from "./define.ts";

export const maintenance = prompt({
  name: "maintenance",
  title: "Prep for maintenance",
  description: "The gold volume itself on a test host, to edit the image",
  arguments: [LUN, CLIENT, HOST, optionsOf("maintenance"), REASON],
  text: (values, tool) =>
    [
      "Please prepare maintenance: assign and mount the gold volume itself, so that its image can be edited.",
      "",
      planFirst(
        tool,
        "prep_maintenance",
        values,
        "what it touches: the VMs that are powered off and unregistered, the clone that is deleted, and every warning. Remind me that I work on gold then",
        "Anything but a clear yes to this very plan means no.",
      ),
    ].join("\n"),
});
