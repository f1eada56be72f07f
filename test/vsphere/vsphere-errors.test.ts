import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { asMoRef, naaOf } from "../../src/core/domain/ids.ts";
import { connect, PASSWORD, recordingLog, startFakeVcenter, vmObject } from "./fake-vcenter.ts";
import { closing, errorOf, host, talk, uuid } from "./talk.ts";

const SHORT = { connect: 2000, call: 400, storage: 400, task: 2000 };
const datastores = [asMoRef("datastore-1")];
describe("signing in", () => {
  test("happens once for calls that come together, with the cookie returned as it was set", async () => {
    const { fake, vsphere } = await talk({ RetrievePropertiesEx: () => `<returnval>${vmObject("vm-1")}</returnval>` });
    await Promise.all([vsphere.reader.vmsOn(datastores), vsphere.reader.vmStates([asMoRef("vm-1")])]);
    expect(fake.operations()).toEqual([
      "RetrieveServiceContent",
      "Login",
      "RetrievePropertiesEx",
      "RetrievePropertiesEx",
    ]);
    expect(fake.requests.at(-1)?.cookie).toBe('vmware_soap_session="abc-1"');
    await vsphere.close();
    expect(fake.operations().at(-1)).toBe("Logout");
  });

  test("asks for nothing when nothing is asked of it", async () => {
    const { fake, vsphere } = await talk({});
    await vsphere.close();
    expect(fake.requests).toEqual([]);
  });

  test("speaks the newest version that both know", async () => {
    const versions = `<?xml version="1.0"?><namespaces version="1.0"><namespace><name>urn:vim25</name><version>9.9.0.0</version><priorVersions><version>7.0.3.0</version><version>6.5</version></priorVersions></namespace></namespaces>`;
    const { fake, vsphere } = await talk({ RetrievePropertiesEx: () => "" }, { versions });
    await vsphere.reader.vmsOn(datastores);
    expect(fake.requests.at(-1)?.action).toBe('"urn:vim25/7.0.3.0"');
  });

  test("speaks 6.5 to a server that has no list of versions", async () => {
    const { fake, vsphere } = await talk({ RetrievePropertiesEx: () => "" });
    expect(await vsphere.reader.vmsOn(datastores)).toEqual([]);
    expect(fake.requests.at(-1)?.action).toBe('"urn:vim25/6.5"');
  });

  test("a refused password is AUTHENTICATION_FAILED and is not tried again", async () => {
    const { fake, vsphere } = await talk({
      Login: () => ({
        fault: "InvalidLogin",
        message: "Cannot complete login stillNeeded to an incorrect user name or password.",
      }),
    });
    const error = await errorOf(vsphere.reader.inventory());
    expect(error.code).toBe("AUTHENTICATION_FAILED");
    expect(error.hint).toContain("vcenter.password");
    await errorOf(vsphere.reader.inventory());
    expect(fake.operations().filter((each) => each === "Login")).toHaveLength(1);
  });

  test("leaves the password in no error, log line or field", async () => {
    const { log, lines } = recordingLog();
    const { fake, vsphere } = await talk(
      {
        Login: (_xml, nth) => (nth === 1 ? "reset" : "<returnval><key>k</key></returnval>"),
        RetrievePropertiesEx: () => ({ fault: "NoPermission" }),
      },
      { log },
    );
    const errors = [await errorOf(vsphere.reader.inventory()), await errorOf(vsphere.reader.inventory())];
    expect(fake.requests.some((each) => each.xml.includes("canary-Passw0rd&lt;&amp;&gt;"))).toBe(true);
    const shown = inspect([errors, lines, vsphere], { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(shown).not.toContain("canary");
    expect(shown).not.toContain(PASSWORD);
  });

  test("is done again for a read whose session has ended", async () => {
    const { fake, vsphere } = await talk({
      RetrievePropertiesEx: (_xml, nth) =>
        nth === 1 ? { fault: "NotAuthenticated" } : `<returnval>${vmObject("vm-1")}</returnval>`,
    });
    expect(await vsphere.reader.vmsOn(datastores)).toHaveLength(1);
    expect(fake.operations().filter((each) => each === "Login")).toHaveLength(2);
  });

  test("is done once for all calls that find the session ended, and each is sent once more", async () => {
    const { fake, vsphere } = await talk({
      UnregisterVM: (_xml, nth) => (nth <= 3 ? { fault: "NotAuthenticated" } : ""),
      // Looked at before the change is sent again.
      RetrievePropertiesEx: (xml) => `<returnval>${vmObject(/vm-\d+/.exec(xml)?.[0] ?? "")}</returnval>`,
    });
    const outcomes = await vsphere.writer.unregister([asMoRef("vm-1"), asMoRef("vm-2"), asMoRef("vm-3")]);
    expect(outcomes.every((each) => each.error === undefined)).toBe(true);
    expect(fake.operations().filter((each) => each === "Login")).toHaveLength(2);
  });
});

describe("a vCenter that fails", () => {
  test.each([
    ["HTTP 503", { status: 503, type: "text/html", body: "<html>busy</html>" }, "UNREACHABLE"],
    ["HTTP 500 that is no SOAP", { status: 500, type: "text/html", body: "<html>oops</html>" }, "REMOTE_FAULT"],
    ["HTTP 404", { status: 404, type: "text/plain", body: "who?" }, "REMOTE_FAULT"],
    ["a page instead of SOAP", { status: 200, type: "text/html", body: "<html>Sign in</html>" }, "REMOTE_GARBAGE"],
    ["JSON called XML", { status: 200, type: "text/xml", body: '{"error":1}' }, "REMOTE_GARBAGE"],
    ["XML that is cut short", { status: 200, type: "text/xml", body: "<a><b>" }, "REMOTE_GARBAGE"],
    ["other XML", { status: 200, type: "text/xml", body: "<rss><channel/></rss>" }, "REMOTE_GARBAGE"],
    ["nothing at all", { status: 200, type: "text/xml", body: "" }, "REMOTE_GARBAGE"],
    ["a closed connection", "reset" as const, "UNREACHABLE"],
    ["a fault", { fault: "NoPermission", inside: "<privilegeId>System.Read</privilegeId>" }, "REMOTE_FAULT"],
  ])("%s on a read, streamed or not", async (_what, answer, code) => {
    const { vsphere } = await talk({ RetrievePropertiesEx: () => answer, FindAllByIp: () => answer });
    expect((await errorOf(vsphere.reader.inventory())).code).toBe(code);
    expect((await errorOf(vsphere.reader.findHost("10.0.0.1", []))).code).toBe(code);
  });

  test("no answer in time to a read is TIMED_OUT", async () => {
    const { vsphere } = await talk({ RetrievePropertiesEx: () => "hang" }, { timeouts: SHORT });
    expect((await errorOf(vsphere.reader.inventory())).code).toBe("TIMED_OUT");
  });

  test.each([
    ["a closed connection", "reset" as const],
    ["no answer in time", "hang" as const],
    ["HTTP 500 that is no SOAP", { status: 500, type: "text/html", body: "<html>" }],
    ["garbage", { status: 200, type: "text/xml", body: "}{" }],
  ])("%s on a change is OUTCOME_UNKNOWN, telling what was asked", async (_what, answer) => {
    const { fake, vsphere } = await talk({ UnmountVmfsVolume: () => answer }, { timeouts: SHORT });
    const error = await errorOf(vsphere.writer.unmount(host, uuid));
    expect(error.code).toBe("OUTCOME_UNKNOWN");
    expect(error.message).toContain(`unmount VMFS volume ${uuid} on host host-1`);
    expect(fake.operations().filter((each) => each === "UnmountVmfsVolume")).toHaveLength(1);
  });

  test("a change that never left is UNREACHABLE", async () => {
    const fake = await startFakeVcenter({});
    await fake.close();
    const vsphere = connect(fake.port);
    closing(vsphere);
    expect((await errorOf(vsphere.writer.unmount(host, uuid))).code).toBe("UNREACHABLE");
  });

  test("a refused change carries the fault's type, words and members, on one line", async () => {
    const { vsphere } = await talk({
      UnmountVmfsVolume: () => ({
        fault: "ResourceInUse",
        message: "The resource\nis in use.\u202e",
        inside: "<type>VMFS</type><name>gold</name>",
      }),
    });
    const error = await errorOf(vsphere.writer.unmount(host, uuid));
    expect(error.code).toBe("REMOTE_FAULT");
    expect(error.message).toBe(
      `vCenter refused to unmount VMFS volume ${uuid} on host host-1: The resource is in use. (ResourceInUse)`,
    );
    expect(error.found).toEqual({ fault: "ResourceInUse", type: "VMFS", name: "gold" });
  });

  test("a mount refused inside a result that succeeded is seen", async () => {
    const { vsphere } = await talk({
      ResolveMultipleUnresolvedVmfsVolumes: () =>
        `<returnval><spec><extentDevicePath>/d</extentDevicePath><uuidResolution>forceMount</uuidResolution></spec><fault><fault xsi:type="VmfsAlreadyMounted"><uuid>5f</uuid></fault><localizedMessage>Already mounted.</localizedMessage></fault></returnval>`,
    });
    const error = await errorOf(vsphere.writer.forceMount(host, "/vmfs/devices/disks/naa.6000:1"));
    expect(error.code).toBe("SIGNATURE_MOUNTED");
    expect(error.found).toMatchObject({ fault: "VmfsAlreadyMounted" });
  });

  test("forgetting a device that is forgotten already is no error", async () => {
    const { vsphere } = await talk({ DeleteScsiLunState: () => ({ fault: "NotFound" }) });
    await vsphere.writer.forgetDevice(host, naaOf("naa.6000"));
  });
});
