/** Objects of vCenter that the account may not read: what a plan must not rest on, and what it cannot know. */
import { safeText } from "../domain/safe-text.ts";
import type { Host, Inventory, UnreadableObject } from "../ports/hypervisor.ts";

const isElsewhere = ({ datacenterId }: UnreadableObject, host: Host): boolean =>
  datacenterId !== undefined && datacenterId !== host.datacenter.id;

/** Nothing is planned over what may lie in the target's Datacenter. Errors: why the first of these cannot be read. */
export function refuseBlindSpots(host: Host, { unreadable }: Inventory): void {
  const [near] = unreadable.filter((object) => !isElsewhere(object, host));
  if (near !== undefined) throw near.error;
}

/** In other Datacenters they are left out; whether the LUN's signature is mounted on them is not known then. */
export function blindSpotWarnings(host: Host, { unreadable }: Inventory): string[] {
  const far = unreadable.filter((object) => isElsewhere(object, host));
  if (far.length === 0) return [];
  const named = far.slice(0, 5).map(({ type, id }) => safeText(`${type} ${id}`, 80));
  const more = far.length > named.length ? ` and ${far.length - named.length} more` : "";
  return [
    `The account may not read ${named.join(", ")}${more} in other Datacenters: whether this LUN's signature is mounted there is not checked.`,
  ];
}
