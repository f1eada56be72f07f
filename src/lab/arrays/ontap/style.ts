/** How ONTAP names its things, and what of a volume's identity its LUN carries. */
import { createHash } from "node:crypto";
import type { ArrayStyle } from "../../world/id-source.ts";

/** What a LUN's NAA begins with, before the serial. */
const VENDOR = "600a0980";
// Serials hold punctuation.
const SERIAL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/][+$?-";

export const ontapStyle: ArrayStyle = {
  vendor: "NETAPP",
  objectId: (_kind, ids) => ids.uuid(),
  guid: (ids) => `${VENDOR}${Buffer.from(ids.text(12, SERIAL), "latin1").toString("hex")}`,
  assignmentId: (volume, clientId) => `${lunUuid(volume)}/${clientId}`,
  // Letters, digits and the underscore, of which a digit is no beginning; 203 at most.
  volumeName: (name) =>
    name
      .replaceAll(/[^A-Za-z0-9_]/g, "_")
      .replace(/^(?=\d)/, "_")
      .slice(0, 203),
};

/** The LUN's uuid: its volume's and its own identity make it, so that another serial is another LUN. */
export function lunUuid({ id, guid }: { id: string; guid: string }): string {
  const hex = createHash("sha256").update(`${id} ${guid}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The LUN's serial number: twelve characters, of which the NAA is the hexadecimal form. */
export const serialOf = ({ guid }: { guid: string }): string =>
  Buffer.from(guid.slice(VENDOR.length), "hex").toString("latin1");

/** ONTAP's clock: whole seconds, with the cluster's offset from UTC. */
export function clusterTime(iso: string): string {
  const local = new Date(Date.parse(iso) + 3_600_000).toISOString().slice(0, 19);
  return `${local}+01:00`;
}
