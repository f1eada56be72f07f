import { CLIENT, HOST, LUN, optionsOf, planFirst, prompt, REASON, SNAPSHOT } from "./define.ts";

export const rollback = prompt({
  name: "rollback",
  title: "Roll the gold disk back",
  description: "Put the gold volume back to a snapshot; newer data and snapshots are lost",
  arguments: [LUN, SNAPSHOT, CLIENT, HOST, optionsOf("rollback"), REASON],
  text: (values, tool) =>
    [
      "Please plan to roll the GOLD volume back to a snapshot. This destroys what was written to gold since, and every newer snapshot.",
      "",
      ...(values.snapshot === undefined || values.snapshot.trim() === ""
        ? [
            `0. No snapshot was named. Call ${tool("list_snapshots")} for the LUN, show me the snapshots with their age, and ask which one; add it to the arguments below.`,
            "",
          ]
        : []),
      planFirst(
        tool,
        "rollback_gold_disk",
        values,
        "how old the snapshot is, each snapshot that will be lost, and everything else it touches",
        "By policy a person approves a rollback themselves, by typing the LUN's name: tell me how, as the plan says, and never do it for me.",
      ),
    ].join("\n"),
});
