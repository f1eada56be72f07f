import { describe, expect, test } from "vitest";
import { undefinedTypes } from "../../../src/lab/vcenter/schema/schema.ts";
import { COLLECTOR, child, self, startVim, texts } from "./vcenter.ts";

const ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";
const CONTENT = self("ServiceInstance", "ServiceInstance");
const envelope = (inner: string): string => `<e:Envelope xmlns:e="${ENVELOPE}"><e:Body>${inner}</e:Body></e:Envelope>`;

test("the schema tables name no type that they do not define", () => {
  expect(undefinedTypes()).toEqual([]);
});

describe("what every client may send", () => {
  test.each([
    [
      "/sdk",
      '"urn:vim25/8.0.3.0"',
      `<v:RetrieveServiceContent xmlns:v="urn:vim25">${CONTENT.replaceAll("_this", "v:_this")}</v:RetrieveServiceContent>`,
    ],
    ["/sdk", "urn:vim25/6.7", `<RetrieveServiceContent xmlns="urn:vim25">${CONTENT}</RetrieveServiceContent>`],
    ["/sdk/vimService", "", `<RetrieveServiceContent xmlns="urn:vim25">${CONTENT}</RetrieveServiceContent>`],
  ])("any prefix, a quoted or bare SOAPAction or none: %s %s", async (path, soapaction, inner) => {
    const { soap } = await startVim({ signIn: false });
    const reply = await soap.http("POST", path, envelope(inner), { soapaction });
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("text/xml; charset=utf-8");
    expect(reply.text).toContain('<rootFolder type="Folder">group-d1</rootFolder>');
  });

  test("a connection that nothing goes over is kept for as long as vCenter keeps it, 900 seconds", async () => {
    const { soap } = await startVim({ signIn: false });
    const { headers } = await soap.http("GET", "/sdk/vimServiceVersions.xml");
    expect(headers["keep-alive"]).toBe("timeout=900");
  });

  test("the versions that old clients choose from are listed", async () => {
    const { soap } = await startVim({ signIn: false });
    const { status, text } = await soap.http("GET", "/sdk/vimServiceVersions.xml");
    expect(status).toBe(200);
    for (const version of ["8.0.1.0", "7.0.3.0", "6.7", "6.5"]) expect(text).toContain(`<version>${version}</version>`);
  });

  test("other paths and methods are not found and not allowed", async () => {
    const { soap } = await startVim({ signIn: false });
    expect((await soap.http("GET", "/nothing")).status).toBe(404);
    expect((await soap.http("GET", "/sdk")).status).toBe(405);
  });
});

describe("requests that are not what the schema says", () => {
  const FIND = (inner: string): string => `${self("SearchIndex", "SearchIndex")}${inner}`;
  const SPEC = (inner: string): string => `${COLLECTOR}<specSet>${inner}</specSet><options/>`;
  const PROP = "<propSet><type>Folder</type></propSet>";
  const OBJECT = '<objectSet><obj type="Folder">group-d1</obj></objectSet>';

  test.each([
    ["FindByIp", FIND("<vmSearch>false</vmSearch><ip>1.2.3.4</ip>"), 'Unexpected element tag "ip" seen'],
    ["FindByIp", FIND("<ip>1.2.3.4</ip>"), "Required property vmSearch is missing"],
    ["FindByIp", "<ip>1.2.3.4</ip><vmSearch>false</vmSearch>", "Required property _this is missing"],
    ["FindByIp", FIND("<ip>1.2.3.4</ip><vmSearch>false</vmSearch><more/>"), 'Unexpected element tag "more" seen'],
    ["FindByIp", FIND("<ip>1</ip><ip>2</ip><vmSearch>false</vmSearch>"), 'Unexpected element tag "ip" seen'],
    ["FindByIp", FIND("<ip>1.2.3.4</ip><vmSearch>no</vmSearch>"), 'Invalid value "no" for type boolean'],
    ["FindByIp", FIND('<ip xmlns="">1.2.3.4</ip><vmSearch>false</vmSearch>'), 'Unexpected element tag "ip" seen'],
    ["RetrievePropertiesEx", SPEC(`${OBJECT}${PROP}`), 'Unexpected element tag "propSet" seen'],
    [
      "RetrievePropertiesEx",
      SPEC(OBJECT),
      "Required property propSet is missing from data object of type PropertyFilterSpec",
    ],
    [
      "RetrievePropertiesEx",
      SPEC(`${PROP}<objectSet/>`),
      "Required property obj is missing from data object of type ObjectSpec",
    ],
    [
      "RetrievePropertiesEx",
      SPEC(`${PROP}<objectSet xsi:type="NoSuchSpec"/>`),
      "Unable to resolve WSDL type name NoSuchSpec",
    ],
    [
      "RetrievePropertiesEx",
      SPEC(`${PROP}<objectSet xsi:type="PropertySpec"/>`),
      "Type PropertySpec is not a ObjectSpec",
    ],
    ["RetrievePropertiesEx", SPEC(`${PROP}<objectSet xsi:type="x:ObjectSpec"/>`), "Undeclared namespace prefix"],
    ["RetrievePropertiesEx", `${COLLECTOR}<specSet>${PROP}${OBJECT}</specSet>`, "Required property options is missing"],
    ["NoSuchMethod", FIND(""), "Unable to resolve WSDL method name NoSuchMethod"],
  ])("%s with %s: %s", async (method, inner, problem) => {
    const { soap } = await startVim();
    const { fault, status } = await soap.call(method, inner);
    expect(status).toBe(500);
    expect(fault).toMatchObject({ type: "InvalidRequest", code: "ClientFaultCode" });
    expect(fault?.message).toContain(problem);
  });

  test.each([
    ["not XML at all", "hello"],
    ["an unclosed element", envelope("<a>")],
    ["a DOCTYPE", `<!DOCTYPE x [<!ENTITY y "z">]>${envelope("<a/>")}`],
    ["no envelope", "<Envelope/>"],
    ["two calls at once", envelope('<A xmlns="urn:vim25"/><B xmlns="urn:vim25"/>')],
    ["another namespace", envelope('<RetrieveServiceContent xmlns="urn:other"/>')],
  ])("%s is an InvalidRequest", async (_, body) => {
    const { soap } = await startVim({ signIn: false });
    const { status, text } = await soap.http("POST", "/sdk", body);
    expect(status).toBe(500);
    expect(text).toContain('<InvalidRequestFault xmlns="urn:vim25" xsi:type="InvalidRequest">');
  });

  test("an action of another service is an unsupported version", async () => {
    const { soap } = await startVim({ signIn: false });
    const { text } = await soap.http("POST", "/sdk", envelope("<a/>"), { soapaction: '"urn:pbm"' });
    expect(text).toContain("Unsupported version URI");
  });
});

describe("objects that do not fit the call", () => {
  test("one that is not there is ManagedObjectNotFound, and names it", async () => {
    const { soap } = await startVim();
    const { fault } = await soap.call("UnregisterVM", self("VirtualMachine", "vm-999999"));
    expect(fault?.type).toBe("ManagedObjectNotFound");
    expect(child(fault?.detail ?? expect.fail(), "obj").text).toBe("vm-999999");
  });

  test("one without the method is MethodNotFound, whatever type the client gives it", async () => {
    const { soap } = await startVim();
    expect((await soap.call("UnregisterVM", self("VirtualMachine", "group-d1"))).fault?.type).toBe("MethodNotFound");
  });

  test("a parameter of the wrong kind is InvalidArgument", async () => {
    const { soap, world } = await startVim();
    const [dc] = world.model.datacenters;
    const { fault } = await soap.call(
      "RegisterVM_Task",
      `${self("Folder", dc?.vmFolder ?? "")}<path>[x] y</path><asTemplate>false</asTemplate><pool type="ResourcePool">${dc?.hostFolder}</pool>`,
    );
    expect(fault?.type).toBe("InvalidArgument");
    expect(texts(fault?.detail ?? expect.fail(), "invalidProperty")).toEqual(["pool"]);
  });
});
