/** A conversation of the adapter with the scripted vCenter, and the things that the scripts are about. */

import { afterEach, expect } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { asMoRef, asVmfsUuid } from "../../src/core/domain/ids.ts";
import { plainName } from "../../src/core/domain/safe-text.ts";
import type { Host } from "../../src/core/ports/hypervisor.ts";
import type { Clock } from "../../src/core/ports/runtime.ts";
import type { Vsphere, VsphereOptions } from "../../src/vsphere/vsphere.ts";
import { connect, type FakeVcenter, type Script, startFakeVcenter } from "./fake-vcenter.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** Closed at the end of the test, the last one first. */
export const closing = (...more: { close(): Promise<void> }[]): number => opened.push(...more);

/** Both are closed at the end of the test. */
export async function talk(
  script: Script,
  options: Partial<VsphereOptions> & { versions?: string | AsyncIterable<string> } = {},
): Promise<{ fake: FakeVcenter; vsphere: Vsphere }> {
  const fake = await startFakeVcenter(script, options.versions);
  const vsphere = connect(fake.port, options);
  closing(fake, vsphere);
  return { fake, vsphere };
}

/** What `attempt` is refused with; every refusal has a hint. */
export async function errorOf(attempt: Promise<unknown>): Promise<PrepError> {
  const thrown = await attempt.then(
    () => expect.unreachable("it went through"),
    (error: unknown) => error,
  );
  if (!(thrown instanceof PrepError)) throw thrown;
  expect(thrown.hint).not.toBe("");
  return thrown;
}

/** Pauses take no time; what is to last for a while lasts until it is called off. */
export const hurriedClock: Clock = {
  now: () => new Date(0),
  elapsed: () => 0,
  sleep: (ms, signal) =>
    ms >= 20_000
      ? new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }))
      : new Promise((resolve) => setImmediate(resolve)),
};

export const uuid = asVmfsUuid("5f1a2b3c-00000001-0000-000000000001");
export const vm = asMoRef("vm-1");
export const host: Host = {
  id: asMoRef("host-1"),
  name: plainName("esx.lab.test"),
  connectionState: "connected",
  datacenter: { id: asMoRef("datacenter-1"), name: plainName("DC"), vmFolder: asMoRef("group-v1") },
  computeResource: asMoRef("domain-1"),
  resourcePool: asMoRef("resgroup-1"),
  storageSystem: asMoRef("storageSystem-1"),
  datastoreSystem: asMoRef("datastoreSystem-1"),
};
