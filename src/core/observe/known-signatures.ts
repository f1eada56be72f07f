/** VMFS signatures that earlier plans have seen on a gold volume's family, from the store. */

import { asVmfsUuid } from "../domain/ids.ts";
import type { EngineDeps } from "../engine-options.ts";
import type { KnownSignatures } from "./observe.ts";

export const loadKnownSignatures =
  ({ store }: EngineDeps) =>
  async (goldId: string): Promise<KnownSignatures> =>
    new Set((await store.read((tx) => tx.signatures(goldId))).map(asVmfsUuid));
