import { CLIENT, HOST, LUN, optionsOf, planFirst, prompt, REASON, SNAPSHOT } from "./define.ts";

export const prep = prompt({
  name: "prep",
  title: "Prep for automated testing",
  description: "A fresh clone of a gold LUN on a test host",
  arguments: [LUN, SNAPSHOT, CLIENT, HOST, optionsOf("automated_testing"), REASON],
  text: (values, tool) =>
    [
      "Please prep a gold LUN for automated testing: a fresh clone of its snapshot, assigned and mounted.",
      "",
      planFirst(
        tool,
        "prep_automated_testing",
        values,
        "what it touches: the VMs that are powered off and unregistered, the datastore that is unmounted, the clone that is deleted, and every warning",
        "Anything but a clear yes to this very plan means no.",
      ),
    ].join("\n"),
});
