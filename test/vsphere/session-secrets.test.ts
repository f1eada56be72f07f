/** What a session at vCenter is known by is a secret for as long as the session may be used, and no longer. */
import { expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import { redactText } from "../../src/logging/redact.ts";
import { connect, type Script, startFakeVcenter } from "./fake-vcenter.ts";
import { closing } from "./talk.ts";

const COOKIE = "abc-1";
const KEY = "52f0a1c2-key-of-the-session";
const SESSION: Script = {
  Login: () => `<returnval><key>${KEY}</key><userName>u</userName></returnval>`,
  RetrievePropertiesEx: () => "",
};

async function signedIn(script: Script) {
  const fake = await startFakeVcenter({ ...SESSION, ...script });
  closing(fake);
  const vsphere = connect(fake.port);
  await vsphere.reader.vmsOn([asMoRef("datastore-1")]);
  return { fake, vsphere };
}

test("they are forgotten with the session: a server has had thousands in its time", async () => {
  const { fake, vsphere } = await signedIn({});
  expect([redactText(COOKIE), redactText(KEY)]).toEqual(["[redacted]", "[redacted]"]);
  await vsphere.close();
  expect(fake.operations().at(-1)).toBe("Logout");
  expect(fake.requests.at(-1)?.cookie).toContain(COOKIE);
  expect([redactText(COOKIE), redactText(KEY)]).toEqual([COOKIE, KEY]);
});

test("they stay secret where vCenter did not end the session", async () => {
  const { vsphere } = await signedIn({ Logout: () => "reset" });
  await vsphere.close();
  expect([redactText(COOKIE), redactText(KEY)]).toEqual(["[redacted]", "[redacted]"]);
});
