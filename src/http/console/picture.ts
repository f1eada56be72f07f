/** What a target has now, drawn: gold with its snapshots, their clones, the host that holds one, its datastore and VMs. */
import { html } from "hono/html";
import type { Inspection, LunInventory, SnapshotInventory } from "../../core/records.ts";
import type { Html } from "./layout.ts";

type Held = Inspection["assigned"][number];

/** One LUN that the target holds, with the rest of its family. */
export interface Family {
  readonly held: Held;
  readonly snapshots: SnapshotInventory["snapshots"];
  readonly clones: LunInventory["luns"][number]["clones"];
  readonly goldAssignedTo: readonly string[];
}

const X = { gold: 0, clone: 276, host: 552, datastore: 738 } as const;
const WIDTH = { gold: 240, clone: 240, host: 150, datastore: 240 } as const;
const TOTAL = X.datastore + WIDTH.datastore;
const LINE = 20;
const GAP = 24;
const MOST = { snapshots: 6, clones: 5, vms: 8 } as const;

/** Names of clones differ at their ends, so that the middle is what gives way. */
const cut = (text: string, most: number): string => {
  const points = [...text];
  if (points.length <= most) return text;
  const tail = Math.floor((most - 1) / 3);
  return `${points.slice(0, most - 1 - tail).join("")}…${points.slice(-tail).join("")}`;
};

const label = (x: number, y: number, text: string, most: number, className = ""): Html =>
  html`<text class="${className}" x="${x}" y="${y}">${cut(text, most)}<title>${text}</title></text>`;

const box = (x: number, y: number, width: number, height: number, className = ""): Html =>
  html`<rect class="shape ${className}" x="${x + 0.5}" y="${y + 0.5}" width="${width - 1}" height="${height - 1}" rx="6"/>`;

const line = (x1: number, y1: number, x2: number, y2: number, isOff = false): Html => {
  const middle = (x1 + x2) / 2;
  return html`<path class="edge${isOff ? " off" : ""}" d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/>`;
};

/** The newest, and the one that the clone is of. */
function shownSnapshots({ held, snapshots }: Family): Family["snapshots"] {
  const newest = snapshots.slice(0, MOST.snapshots);
  const own = snapshots.find(({ id }) => id === held.fromSnapshot?.id);
  return own === undefined || newest.includes(own) ? newest : [...newest.slice(0, -1), own];
}

function drawFamily(family: Family, top: number, client: string): { readonly height: number; readonly marks: Html[] } {
  const { held, snapshots, clones, goldAssignedTo } = family;
  const isClone = held.volume.kind !== "gold";
  const shown = shownSnapshots(family);
  const more = snapshots.length - shown.length;
  const others = clones.filter(({ id }) => id !== held.volume.id);
  const listedClones = others.slice(0, MOST.clones - 1);
  const { machines } = held.vms;
  const listedVms = machines.slice(0, MOST.vms);
  const vmCount = held.vms.poweredOn + held.vms.poweredOff + held.vms.suspended + held.vms.templates;
  const marks: Html[] = [];

  const goldHeight = 52 + (shown.length + (more > 0 ? 1 : 0)) * LINE;
  marks.push(box(X.gold, top, WIDTH.gold, goldHeight, isClone ? "" : "held"));
  marks.push(label(X.gold + 12, top + 18, "Gold", 20, "label"));
  marks.push(label(X.gold + 12, top + 35, held.lun, 31));
  const ownIndex = shown.findIndex(({ id }) => id === held.fromSnapshot?.id);
  shown.forEach((snapshot, index) => {
    const y = top + 52 + index * LINE;
    marks.push(html`<circle class="${index === ownIndex ? "on" : "rest"}" cx="${X.gold + 18}" cy="${y + 4}" r="4"/>`);
    marks.push(label(X.gold + 30, y + 8, `${snapshot.name}, ${snapshot.age}`, 27));
  });
  if (more > 0) marks.push(label(X.gold + 30, top + 60 + shown.length * LINE, `and ${more} more`, 24, "label"));

  const holderY = top + 26;
  let cloneY = top + 62;
  if (isClone) {
    marks.push(box(X.clone, top, WIDTH.clone, 52, "held"));
    marks.push(label(X.clone + 12, top + 18, held.volume.kind === "clone" ? "Clone" : "Volume", 20, "label"));
    marks.push(label(X.clone + 12, top + 36, held.volume.name, 31));
    const fromY = ownIndex >= 0 ? top + 56 + ownIndex * LINE : top + 26;
    marks.push(line(X.gold + WIDTH.gold, fromY, X.clone, holderY, ownIndex < 0));
  }
  for (const clone of listedClones) {
    const holder = clone.assignedTo.length === 0 ? "nobody holds it" : `held by ${clone.assignedTo.join(", ")}`;
    marks.push(box(X.clone, cloneY, WIDTH.clone, 44));
    marks.push(label(X.clone + 12, cloneY + 18, clone.name, 29));
    marks.push(label(X.clone + 12, cloneY + 34, holder, 32, "label"));
    cloneY += 52;
  }
  if (others.length > listedClones.length) {
    marks.push(label(X.clone + 12, cloneY + 12, `and ${others.length - listedClones.length} more clones`, 30, "label"));
    cloneY += LINE;
  }

  marks.push(line(isClone ? X.clone + WIDTH.clone : X.gold + WIDTH.gold, holderY, X.host, holderY));
  const otherHolders = goldAssignedTo.filter((name) => name !== client);
  if (!isClone && otherHolders.length > 0)
    marks.push(label(X.clone, top + 14, `also held by ${otherHolders.join(", ")}`, 30, "label"));

  const dsHeight = 52 + (listedVms.length + (vmCount > listedVms.length ? 1 : 0)) * LINE;
  const { datastore } = held;
  marks.push(line(X.host + WIDTH.host, holderY, X.datastore, holderY, !held.mounted));
  marks.push(box(X.datastore, top, WIDTH.datastore, dsHeight, held.mounted ? "held" : ""));
  marks.push(
    label(X.datastore + 12, top + 18, held.mounted ? "Datastore, mounted" : "Datastore, not mounted", 30, "label"),
  );
  marks.push(label(X.datastore + 12, top + 35, datastore?.name ?? "none", 31));
  listedVms.forEach((vm, index) => {
    const y = top + 52 + index * LINE;
    marks.push(
      html`<circle class="${vm.powerState === "poweredOn" ? "on" : "rest"}" cx="${X.datastore + 18}" cy="${y + 4}" r="4"/>`,
    );
    marks.push(label(X.datastore + 30, y + 8, vm.template ? `${vm.name} (template)` : vm.name, 29));
  });
  if (vmCount > listedVms.length)
    marks.push(
      label(
        X.datastore + 30,
        top + 60 + listedVms.length * LINE,
        `and ${vmCount - listedVms.length} more`,
        24,
        "label",
      ),
    );
  return { height: Math.max(goldHeight, cloneY - top, dsHeight), marks };
}

/** The picture, or only the host where it holds nothing. */
export function picture(found: Inspection, families: readonly Family[]): Html {
  let top = 0;
  const marks: Html[] = [];
  for (const family of families) {
    const drawn = drawFamily(family, top, found.client.name);
    marks.push(...drawn.marks);
    top += drawn.height + GAP;
  }
  const height = Math.max(top - GAP, 70);
  const host = [
    box(X.host, 0, WIDTH.host, height, "held"),
    label(X.host + 12, 18, "Client and host", 22, "label"),
    label(X.host + 12, 36, found.client.name, 18),
    label(X.host + 12, 54, found.host.address, 18),
  ];
  const empty = families.length === 0 ? label(X.gold, 40, "Nothing is assigned to this client.", 60) : "";
  const said = `${found.client.name} on ${found.host.address} holds ${families.length === 0 ? "nothing" : families.map(({ held }) => held.volume.name).join(", ")}`;
  return html`<svg role="img" aria-label="${said}; the table below has it in words" width="${TOTAL}" height="${height}" viewBox="0 0 ${TOTAL} ${height}">${marks}${host}${empty}</svg>`;
}
