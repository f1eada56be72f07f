/** Why no test can, or need, notice these mutants: by id. */
const NEVER = "equivalent: nothing comes there otherwise";
const SLOWER = "only how soon something is seen, not what comes of it";
const TEXT = "only text";
const RACE = "a second safeguard: reached only by two at the very same time, of which the locks let one through";
const MEMORY =
  "only memory: who follows the run next is read the same rows, and has it asked anew whether its process lives";

export const REASONS: Readonly<Record<string, string>> = {
  // core/modes
  "16576a6e3c": "equivalent: a member that is undefined and one that is not there are the same in JSON",
  // core/plans
  "36c3449feb": RACE,
  "398cd108c3": RACE,
  "415bc690a1": SLOWER,
  "246540da4b": SLOWER,
  "473f4e4a77": NEVER,
  "36e33a1b4a": RACE,
  "07974414a4": RACE,
  "2a683ba3e6": RACE,
  "4e29860b5f": "to the millisecond: half a second is a guess at what a person needs",
  "174d4e2b34": RACE,
  "22e6d6a6c3": "a plan is never removed while it is open",
  "347bce7de4": "the plan is looked at again in the transaction that would start the run, and refused there",
  // core/runs
  "0f231bf510": NEVER,
  "0201c20f0f": SLOWER,
  "16f8ef2e35": "equivalent: a member that is undefined and one that is not there are the same in JSON",
  "1274dae07b": "only how often the rows are read for those who follow one run",
  "163c9a6084": MEMORY,
  "1e14575e1c": NEVER,
  "271962e047": TEXT,
  "3867e7b091": RACE,
  "3f762d824c": MEMORY,
  "46ac2a6bf2": RACE,
  "629ef35d41": NEVER,
  "68a9d3c18a": "only a pause that nobody waits for, which lasts a second at most",
  // core/steps
  "898a78023b": "equivalent: a copy is chosen for its extents on the disk, so that it has one",
  "15839b3546": "equivalent: what is no PrepError has no code of these",
  "28f459ce78": "equivalent: what is mounted is there",
};
