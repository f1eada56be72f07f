import type { HostUse, LabHost } from "../world/model.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import { type Lookups, optionManagerIdOf } from "./service/lookups.ts";
import { managedType, signedIn } from "./service/managed-type.ts";
import { optionalText } from "./wire/args.ts";
import { objectNotFound, SoapFault } from "./wire/faults.ts";
import { Any, type Data } from "./wire/value.ts";

const RAM_DISK = "/tmp/scratch";

/** A folder of the host's own on the datastore that it keeps this on. */
function folderFor(use: HostUse, { id, keeps }: LabHost, lookups: Lookups): string | undefined {
  const kept = keeps?.find(({ what }) => what === use);
  const datastore = kept === undefined ? undefined : lookups.datastore(kept.datastoreId);
  return datastore === undefined ? undefined : `/vmfs/volumes/${datastore.vmfsUuid}/.locker-${id}`;
}

/** A host's advanced options that tell where it keeps its own files. */
export function optionsOf(host: LabHost, lookups: Lookups): Data[] {
  const scratch = folderFor("scratch", host, lookups) ?? RAM_DISK;
  const log = folderFor("syslog", host, lookups);
  const options = {
    "ScratchConfig.ConfiguredScratchLocation": scratch,
    "ScratchConfig.CurrentScratchLocation": scratch,
    "Syslog.global.logDir": log ?? "[] /scratch/log",
  };
  return Object.entries(options).map(([key, value]) => ({ key, value: new Any("string", value) }));
}

export const OPTION_MANAGER = managedType<LabHost, Lookups>("OptionManager", MANAGED_OBJECT, {
  properties: { "setting OptionValue*": optionsOf },
  unset: "supportedOption anyType?",
  methods: {
    "QueryOptions(name string?) -> OptionValue*": signedIn(({ vcenter: { lookups }, self, args }) => {
      const host = lookups.model.hosts.find((one) => optionManagerIdOf(one) === self.id);
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
