/** PropertyCollector and PropertyFilter. */

import { Collector } from "../collector/collector.ts";
import { contentOf, selectAll } from "../collector/retrieve.ts";
import { select } from "../collector/select.ts";
import { type FilterSpec, parseFilterSpec } from "../collector/spec.ts";
import { Filter } from "../collector/updates.ts";
import type { Call, Handler } from "../service/call.ts";
import { DEFAULT_COLLECTOR } from "../service/sessions.ts";
import { flag, optionalNumber, optionalRecord, optionalText, records, text } from "../wire/args.ts";
import { invalidArgument, objectNotFound, SoapFault } from "../wire/faults.ts";
import type { Data } from "../wire/value.ts";

function collectorOf({ session, self }: Call): Collector {
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

function createFilter(call: Call): Filter {
  const source = optionalRecord(call.args, "spec") ?? {};
  const spec = parseFilterSpec(source);
  const [gone] = spec.reportMissing ? [] : select(spec, call.find).missing;
  if (gone !== undefined) throw objectNotFound(gone);
  const filter = new Filter(call.session.newRef("PropertyFilter"), spec, source, flag(call.args, "partialUpdates"));
  collectorOf(call).filters.set(filter.ref.id, filter);
  call.vcenter.changed.emit();
  return filter;
}

function waitForUpdates(call: Call, options: Data | undefined): Promise<Data | undefined> {
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

export const COLLECTOR_METHODS: Readonly<Record<string, Handler>> = {
  RetrieveProperties: ({ args, find }) => selectAll(specsOf(args), find).map((one) => contentOf(one, find)),
  RetrievePropertiesEx: (call) => {
    const maxObjects = positive(optionalRecord(call.args, "options"), "maxObjects");
    return collectorOf(call).pages.first(selectAll(specsOf(call.args), call.find), maxObjects, call.find);
  },
  ContinueRetrievePropertiesEx: (call) => {
    const page = collectorOf(call).pages.next(text(call.args, "token"), call.find);
    if (page === undefined) throw invalidArgument("token");
    return page;
  },
  CancelRetrievePropertiesEx: (call) => {
    if (!collectorOf(call).pages.cancel(text(call.args, "token"))) throw invalidArgument("token");
    return undefined;
  },
  CreateFilter: (call) => createFilter(call).ref,
  CreatePropertyCollector: ({ session }) => {
    const collector = new Collector(session.newRef("PropertyCollector"));
    session.collectors.set(collector.ref.id, collector);
    return collector.ref;
  },
  DestroyPropertyCollector: (call) => {
    if (call.self.id === DEFAULT_COLLECTOR.id) {
      throw new SoapFault("NotSupported", "The session's own property collector cannot be destroyed.");
    }
    const collector = collectorOf(call);
    call.session.collectors.delete(call.self.id);
    collector.cancelWaits();
    return undefined;
  },
  DestroyPropertyFilter: ({ session, self }) => {
    const found = session.filter(self.id);
    if (found === undefined) throw objectNotFound(self);
    found.collector.filters.delete(self.id);
    return undefined;
  },
  CheckForUpdates: (call) => collectorOf(call).check(optionalText(call.args, "version") ?? "", call.find),
  WaitForUpdates: (call) => waitForUpdates(call, undefined),
  WaitForUpdatesEx: (call) => waitForUpdates(call, optionalRecord(call.args, "options")),
  CancelWaitForUpdates: (call) => void collectorOf(call).cancelWaits(),
};
