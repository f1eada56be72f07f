/** Runs that end with a clone, cut off everywhere: -A at every step of the way; with ATVM_CRASH=all from more worlds, and -R, -U and --release. */
import { withEngine } from "../support/engine.ts";
import { cutOffEverywhere, type Journey, WHOLE } from "./matrix.ts";

const always: Journey[] = [
  {
    name: "-A --register_vms in place of a clone with running VMs",
    scenario: "clone-assigned",
    mode: "automated_testing",
    inputs: { registerVms: true },
  },
];
const more: Journey[] = [
  { name: "-A in place of gold with running VMs", scenario: "gold-assigned", mode: "automated_testing" },
  { name: "-A over the remains of a clone that is gone", scenario: "stale-inventory", mode: "automated_testing" },
  { name: "-A after a cleanup that died", scenario: "half-cleaned", mode: "automated_testing" },
  {
    name: "-A --keep_clone",
    scenario: "clone-assigned",
    mode: "automated_testing",
    inputs: { keepClone: true },
  },
  {
    name: "-A --release_first in place of a clone",
    scenario: "clone-assigned",
    mode: "automated_testing",
    inputs: { releaseFirst: true },
  },
  { name: "--release of a clone with running VMs", scenario: "clone-assigned", mode: "release" },
  {
    name: "--release --keep_clone",
    scenario: "clone-assigned",
    mode: "release",
    inputs: { keepClone: true },
  },
  { name: "--release of the remains of a clone that is gone", scenario: "stale-inventory", mode: "release" },
  { name: "-R on a clone", scenario: "clone-assigned", mode: "register" },
  {
    name: "-R with a registration that is dead",
    scenario: "clone-assigned",
    mode: "register",
    prepare: async (bench) => void (await bench.control.touch("orphan-vm")),
  },
  { name: "-U on a clone", scenario: "clone-assigned", mode: "unregister" },
];

const bench = await withEngine();
for (const journey of WHOLE ? [...always, ...more] : always) await cutOffEverywhere(bench, journey);
