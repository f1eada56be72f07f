/** Why no test can, or need, notice these mutants: by id. */
const NEVER = "equivalent: nothing comes there otherwise";
const SLOWER = "only how soon something is seen, not what comes of it";
const TEXT = "only text";
const RACE = "a second safeguard: reached only by two at the very same time, of which the locks let one through";
const KEPT = "a plan is never removed while it is open";
const ABSENT = "equivalent: a member that is undefined and one that is not there are the same to who reads it";
const TURN = "a second safeguard: confirms that do not meet at their turn meet at the locks";
const NO_ID = "equivalent: no run has no id";
const LONG = "noticed, as was seen by hand: by a test that took too long to be among those that are run for a mutant";
const MEMORY =
  "only memory: who follows the run next is read the same rows, and has it asked anew whether its process lives";

export const REASONS: Readonly<Record<string, string>> = {
  // core/modes
  "5759f325da": NEVER,
  "872516b7ee": NEVER,
  aab79d8d86: NEVER,
  eb7a025962: "equivalent: no time is after one that is not there",
  // core/plans
  "22e6d6a6c3": KEPT,
  c4c61ce944: KEPT,
  ac17981c9b: KEPT,
  "890fecdbe4": KEPT,
  bb98389ac5: KEPT,
  b48192aa28: KEPT,
  "4f618b6294": LONG,
  f4744208ff: LONG,
  "9c93aa19f8": LONG,
  f3dc324d7b: LONG,
  dc17a47044: NO_ID,
  db05669fb1: NO_ID,
  c894939f06: KEPT,
  de02422de9: RACE,
  "0706e39740": ABSENT,
  ce2ea1a1fa: TURN,
  "473f4e4a77": NEVER,
  "47d41312c8": NEVER,
  df656f5ceb: NEVER,
  "725969630e": "equivalent: a plan that became a run has that run's id",
  "9250f5f8be": "equivalent: a plan that became a run is not refused there",
  "7a18af8350": "equivalent: a plan has both or neither",
  "8beb520c76": "equivalent: a plan has both or neither",
  "90c2487097": "equivalent: a plan for what a run left has them",
  "8af0586527": "equivalent: a plan for what a run left has them",
  "4e29860b5f": "to the millisecond: half a second is a guess at what a person needs",
  fc0a3c826e: "to the millisecond",
  f14eb0f280: "to the millisecond",
  bf946841e2: "to the millisecond",
  c03503cebe: SLOWER,
  "69bcf77aab": "only memory: a plan's turn is kept after its confirms",
  ba1cea90c6: TURN,
  dcc5870011: TURN,
  "860b3bfd9b": "a second safeguard: a queued run that may not be begun any more was marked right before",
  e35fc20d2d: "a second safeguard: a run that goes on holds the locks",
  "825c9ea729": "equivalent: what was refused for the plan as it is now is refused again",
  "4d0c212c40": "only which of the runs that came later is named",
  // core/runs
  "0f231bf510": NEVER,
  "0201c20f0f": SLOWER,
  c1a63369d7: ABSENT,
  "28664f7e33": ABSENT,
  ba7ee980c9: ABSENT,
  "2b6095a8b7": ABSENT,
  a1f769e2a4: ABSENT,
  "7a541b091b": "only work saved: what is told is compared once more",
  c8d69bc296: "only work saved: each who follows reads the rows",
  fd6cc3efdc: MEMORY,
  "6cc00ab8f1": MEMORY,
  b57ee01d07: MEMORY,
  c677f20fa4: MEMORY,
  "634e015422": MEMORY,
  f0ee686280: SLOWER,
  "8d0528e77a": "only memory: what is waited for there is over",
  f7ed211c68: "a run is never removed while it goes on",
  "1fad310ce3": "a second safeguard: whether it is still queued is looked at again where its beginning is written",
  b7895227d1: "equivalent: nothing waits any more once a run is halted",
  aa30c4581b: NEVER,
  f9691d2a1a: "a second safeguard: whether it is still queued is looked at again where its end is written",
  b0406e5aa2: ABSENT,
  "16f8ef2e35": ABSENT,
  a47c73afb6: ABSENT,
  b83af33a58: "equivalent: nothing is waited for yet",
  "1274dae07b": "only how often the rows are read for those who follow one run",
  "163c9a6084": MEMORY,
  "1e14575e1c": NEVER,
  "271962e047": TEXT,
  "3867e7b091": RACE,
  "3f762d824c": MEMORY,
  "46ac2a6bf2": RACE,
  "56235cc55a": "only that a pause has been let go of before the next one is begun",
  "629ef35d41": NEVER,
  "9d768cea27": "to the millisecond",
  "68a9d3c18a": "only a pause that nobody waits for, which lasts a second at most",
  // core/steps
  "898a78023b": "equivalent: a copy is chosen for its extents on the disk, so that it has one",
  "15839b3546": "equivalent: what is no PrepError has no code of these",
  "28f459ce78": "equivalent: what is mounted is there",
};
