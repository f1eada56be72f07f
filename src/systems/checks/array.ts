/** Whether the array can be used: sign-in, clock, every shorthand. */
import type { StorageArray } from "../../array/driver.ts";
import type { Config } from "../../config/config.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import { type LunVolume, withKinds } from "../../core/observe/kinds.ts";
import type { ArrayClient, ArrayTraits } from "../../core/ports/array.ts";
import { checkClock } from "./connection.ts";
import { checked, type Finding, failed, ok } from "./finding.ts";

export interface ArrayFindings {
  readonly findings: readonly Finding[];
  /** Undefined where it could not be read. */
  readonly clients?: readonly ArrayClient[];
}

export async function checkArray(array: StorageArray, config: Config): Promise<ArrayFindings> {
  let clients: ArrayClient[] | undefined;
  let volumes: LunVolume[] = [];
  const signIn = await checked("array: sign-in", async () => {
    const before = Date.now();
    const time = await array.time?.();
    const after = Date.now();
    const [seen, all, traits] = await Promise.all([
      array.reader.clients(),
      array.reader.volumes(),
      array.reader.traits(),
    ]);
    clients = seen;
    volumes = withKinds(all, Object.values(config.luns));
    const golds = volumes.filter(({ kind }) => kind === "gold").length;
    return [
      ok(
        "array: sign-in",
        `${safeText(traits.product)} as ${safeText(config.array.username ?? "the holder of a token")}; ${clients.length} clients, ${golds} gold LUNs`,
      ),
      ...(time === undefined ? [] : [checkClock("array: clock", time, before, after)]),
      ok("array: traits", traitsText(traits)),
    ];
  });
  if (clients === undefined) return { findings: signIn };
  return { findings: [...signIn, ...shorthands(config, volumes)], clients };
}

/** What of an array's own ways a plan's text depends on. */
function traitsText({ clients, deletion, rollback, snapshotNames }: ArrayTraits): string {
  return [
    `clients are identified by ${clients.address ? "address" : "initiators"}`,
    `a rollback ${rollback.newerSnapshots === "lost" ? "loses" : "keeps"} newer snapshots`,
    `a deleted clone is ${deletion.keptHours === undefined ? "gone at once" : `kept for ${deletion.keptHours} h`}`,
    `${snapshotNames === undefined ? "takes no" : "takes"} snapshots for others`,
  ].join("; ");
}

function shorthands({ luns }: Config, volumes: readonly LunVolume[]): Finding[] {
  const golds = volumes.filter(({ kind }) => kind === "gold");
  const wrong = Object.entries(luns).flatMap(([short, name]) => {
    const found = golds.filter((volume) => volume.name === name).length;
    if (found === 1) return [];
    const what = `shorthand ${safeText(short, 60)}`;
    if (found > 1) {
      return [failed(what, `${found} gold LUNs are called ${safeText(name)}`, "Rename one of them on the array.")];
    }
    const fix = "Mend or remove the line under luns; `atvm_prep luns` lists the array's gold LUNs.";
    return [failed(what, `there is no gold LUN called ${safeText(name)}`, fix)];
  });
  const right = Object.keys(luns).length - wrong.length;
  return [
    ...(right > 0 ? [ok("shorthand", `${right} of ${right + wrong.length} lead to one gold LUN each`)] : []),
    ...wrong,
  ];
}
