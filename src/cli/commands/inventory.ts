/** `atvm_prep status`, `luns`, `snapshots LUN`, `vms`: what there is. They change nothing. */

import type { App } from "../../app.ts";
import { inspectText, lunsText, presentInspection, snapshotsText, targetsText, vmsText } from "../../text/index.ts";
import { type Context, withReadOnlyApp } from "../context.ts";
import { unlessInterrupted } from "../terminal/interrupted.ts";
import { printResult } from "../terminal/results.ts";

export interface Where {
  readonly client?: string;
  readonly host?: string;
  readonly lun?: string;
}

/** What only reads: a signal ends it, and its sessions with it. */
const reading = (context: Context, use: (app: App) => Promise<number>): Promise<number> =>
  withReadOnlyApp(context, (app) => unlessInterrupted(context.io, () => use(app)));

/** Every target; with a client or a host, that one in full. */
export const status = (where: Where, context: Context): Promise<number> =>
  reading(context, async ({ engine, actor }) => {
    if (where.client === undefined && where.host === undefined) {
      const targets = await engine.listTargets(actor("cli"));
      printResult(context, targets, () => targetsText(targets));
      return 0;
    }
    const found = presentInspection(await engine.inspect(where, actor("cli")));
    printResult(context, found, () => inspectText(found));
    return 0;
  });

export const luns = (context: Context): Promise<number> =>
  reading(context, async ({ engine, actor }) => {
    const found = await engine.listLuns(actor("cli"));
    printResult(context, found, () => lunsText(found));
    return 0;
  });

export const snapshots = (lun: string, context: Context): Promise<number> =>
  reading(context, async ({ engine, actor }) => {
    const found = await engine.listSnapshots(lun, actor("cli"));
    printResult(context, found, () => snapshotsText(found));
    return 0;
  });

export const vms = (where: Where, context: Context): Promise<number> =>
  reading(context, async ({ engine, actor }) => {
    const found = await engine.listVms(where, actor("cli"));
    printResult(context, found, () => vmsText(found));
    return 0;
  });
