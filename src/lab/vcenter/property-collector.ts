/** PropertyCollector and PropertyFilter; how they work is in collector/. */
import { Collector } from "./collector/collector.ts";
import { contentOf, selectAll } from "./collector/retrieve.ts";
import { select } from "./collector/select.ts";
import { type FilterSpec, parseFilterSpec } from "./collector/spec.ts";
import { Filter } from "./collector/updates.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import type { SoapCall } from "./service/call.ts";
import { managedType, signedIn } from "./service/managed-type.ts";
import { DEFAULT_COLLECTOR } from "./service/well-known.ts";
import { flag, optionalNumber, optionalRecord, optionalText, records, text } from "./wire/args.ts";
import { invalidArgument, objectNotFound, SoapFault } from "./wire/faults.ts";
import type { Data } from "./wire/value.ts";

function collectorOf({ session, self }: SoapCall): Collector {
  const collector = session.collectors.get(self.id);
  if (collector === undefined) throw objectNotFound(self);
  return collector;
}

const specsOf = (args: Data): FilterSpec[] => records(args, "specSet").map(parseFilterSpec);

/** A count that must be positive where it is given. */
function positive(options: Data | undefined, name: string): number | undefined {
  const value = options === undefined ? undefined : optionalNumber(options, name);
  if (value !== undefined && value <= 0) throw invalidArgument(`options.${name}`);
  return value;
}

function createFilter(call: SoapCall): Filter {
  const source = optionalRecord(call.args, "spec") ?? {};
  const spec = parseFilterSpec(source);
  const [gone] = spec.reportMissing ? [] : select(spec, call.find).missing;
  if (gone !== undefined) throw objectNotFound(gone);
  const filter = new Filter(call.session.newRef("PropertyFilter"), spec, source, flag(call.args, "partialUpdates"));
  collectorOf(call).filters.set(filter.ref.id, filter);
  call.vcenter.changed.emit();
  return filter;
}

function waitForUpdates(call: SoapCall, options: Data | undefined): Promise<Data | undefined> {
  const maxWaitSeconds = options === undefined ? undefined : optionalNumber(options, "maxWaitSeconds");
  if (maxWaitSeconds !== undefined && maxWaitSeconds < 0) throw invalidArgument("options.maxWaitSeconds");
  const maxObjectUpdates = positive(options, "maxObjectUpdates");
  const { find, gone, vcenter } = call;
  return collectorOf(call).waitForUpdates(
    optionalText(call.args, "version") ?? "",
    { maxWaitSeconds, maxObjectUpdates },
    { find, gone, changed: vcenter.changed },
  );
}

export const PROPERTY_COLLECTOR = managedType<Collector | undefined>("PropertyCollector", MANAGED_OBJECT, {
  properties: {
    "filter &PropertyFilter*": (collector) => [...(collector?.filters.values() ?? [])].map((one) => one.ref),
  },
  methods: {
    "RetrieveProperties(specSet PropertyFilterSpec+) -> ObjectContent*": signedIn(({ args, find }) =>
      selectAll(specsOf(args), find).map((one) => contentOf(one, find)),
    ),
    "RetrievePropertiesEx(specSet PropertyFilterSpec+, options RetrieveOptions) -> RetrieveResult?": signedIn(
      (call) => {
        const maxObjects = positive(optionalRecord(call.args, "options"), "maxObjects");
        return collectorOf(call).pages.first(selectAll(specsOf(call.args), call.find), maxObjects, call.find);
      },
    ),
    "ContinueRetrievePropertiesEx(token string) -> RetrieveResult": signedIn((call) => {
      const page = collectorOf(call).pages.next(text(call.args, "token"), call.find);
      if (page === undefined) throw invalidArgument("token");
      return page;
    }),
    "CancelRetrievePropertiesEx(token string)": signedIn((call) => {
      if (!collectorOf(call).pages.cancel(text(call.args, "token"))) throw invalidArgument("token");
      return undefined;
    }),
    "CreateFilter(spec PropertyFilterSpec, partialUpdates boolean) -> &PropertyFilter": signedIn(
      (call) => createFilter(call).ref,
    ),
    "CreatePropertyCollector() -> &PropertyCollector": signedIn(({ session }) => {
      const collector = new Collector(session.newRef("PropertyCollector"));
      session.collectors.set(collector.ref.id, collector);
      return collector.ref;
    }),
    "DestroyPropertyCollector()": signedIn((call) => {
      if (call.self.id === DEFAULT_COLLECTOR.id) {
        throw new SoapFault("NotSupported", "The session's own property collector cannot be destroyed.");
      }
      const collector = collectorOf(call);
      call.session.collectors.delete(call.self.id);
      collector.cancelWaits();
      return undefined;
    }),
    "CheckForUpdates(version string?) -> UpdateSet?": signedIn((call) =>
      collectorOf(call).check(optionalText(call.args, "version") ?? "", call.find),
    ),
    "WaitForUpdates(version string?) -> UpdateSet": signedIn((call) => waitForUpdates(call, undefined)),
    "WaitForUpdatesEx(version string?, options WaitOptions?) -> UpdateSet?": signedIn((call) =>
      waitForUpdates(call, optionalRecord(call.args, "options")),
    ),
    "CancelWaitForUpdates()": signedIn((call) => {
      collectorOf(call).cancelWaits();
      return undefined;
    }),
  },
});

export const PROPERTY_FILTER = managedType<Filter>("PropertyFilter", MANAGED_OBJECT, {
  properties: {
    "spec PropertyFilterSpec": (filter) => filter.source,
    "partialUpdates boolean": (filter) => filter.partialUpdates,
  },
  methods: {
    "DestroyPropertyFilter()": signedIn(({ session, self }) => {
      const found = session.filter(self.id);
      if (found === undefined) throw objectNotFound(self);
      found.collector.filters.delete(self.id);
      return undefined;
    }),
  },
});
