import type { HostUse, LabDatastore, LabHost } from "../world/model.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import { type Lookups, optionManagerIdOf } from "./service/lookups.ts";
import { managedType, signedIn } from "./service/managed-type.ts";
import { optionalText } from "./wire/args.ts";
import { objectNotFound, SoapFault } from "./wire/faults.ts";
import { Any, type Data } from "./wire/value.ts";

const RAM_DISK = "/tmp/scratch";

/** The datastore that the host keeps this on. */
function keptOn(use: HostUse, { keeps }: LabHost, lookups: Lookups): LabDatastore | undefined {
  const kept = keeps?.find(({ what }) => what === use);
  return kept === undefined ? undefined : lookups.datastore(kept.datastoreId);
}

/** A host's advanced options that tell where it keeps its own files. */
export function optionsOf(host: LabHost, lookups: Lookups): Data[] {
  const scratchOn = keptOn("scratch", host, lookups);
  const scratch = scratchOn === undefined ? RAM_DISK : `/vmfs/volumes/${scratchOn.vmfsUuid}/.locker-${host.id}`;
  // A path of this form names the datastore by its label.
  const log = keptOn("syslog", host, lookups)?.name;
  const options = {
    "ScratchConfig.ConfiguredScratchLocation": scratch,
    "ScratchConfig.CurrentScratchLocation": scratch,
    "Syslog.global.logDir": log === undefined ? "[] /scratch/log" : `[${log}] /systemlogs`,
  };
  return Object.entries(options).map(([key, value]) => ({ key, value: new Any("string", value) }));
}

export const OPTION_MANAGER = managedType<LabHost, Lookups>("OptionManager", MANAGED_OBJECT, {
  properties: { "setting OptionValue*": optionsOf },
  unset: "supportedOption anyType?",
  methods: {
    "QueryOptions(name string?) -> OptionValue*": signedIn(({ vcenter: { lookups }, self, args }) => {
      const host = lookups.model.hosts.find((candidate) => optionManagerIdOf(candidate) === self.id);
      if (host === undefined) throw objectNotFound(self);
      const name = optionalText(args, "name") ?? "";
      const found = optionsOf(host, lookups).filter(({ key }) =>
        name === "" || name.endsWith(".") ? String(key).startsWith(name) : key === name,
      );
      if (found.length === 0) throw new SoapFault("InvalidName", `There is no option ${name}`, { name });
      return found;
    }),
  },
});
