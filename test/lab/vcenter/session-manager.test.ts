import { expect, test } from "vitest";
import { COLLECTOR, CREDENTIALS, child, propertiesOf, self, specOf, startVim } from "./vcenter.ts";

const MANAGER = self("SessionManager", "SessionManager");
const TIME = self("ServiceInstance", "ServiceInstance");

test("signing in gives the session's cookie, and the session can be seen", async () => {
  const { stranger } = await startVim();
  const soap = stranger();
  const inner = `${MANAGER}<userName>${CREDENTIALS.username}</userName><password>&lt;correct&gt; &amp; horse</password>`;
  const reply = await soap.call("Login", inner);
  expect(String(reply.headers["set-cookie"])).toMatch(/^vmware_soap_session="[^"]+"; Path=\/; HttpOnly; Secure$/);
  expect(child(reply.value, "userName").text).toBe(CREDENTIALS.username);
  soap.cookie = String(reply.headers["set-cookie"]).split(";")[0];
  const spec = specOf({ type: "SessionManager", id: "SessionManager" }, { SessionManager: ["currentSession"] });
  const { value } = await soap.call("RetrieveProperties", `${COLLECTOR}${spec}`);
  const session = propertiesOf(value).get("currentSession") ?? expect.fail();
  expect(child(session, "key").text).toBe(child(reply.value, "key").text);
});

test("a wrong password is InvalidLogin", async () => {
  const { stranger } = await startVim();
  const inner = `${MANAGER}<userName>${CREDENTIALS.username}</userName><password>wrong</password>`;
  expect((await stranger().call("Login", inner)).fault?.type).toBe("InvalidLogin");
});

test("without a session nothing but the content and the sign-in is there", async () => {
  const { stranger } = await startVim();
  const { fault, status } = await stranger().call("CurrentTime", TIME);
  expect(status).toBe(500);
  expect(fault).toMatchObject({ type: "NotAuthenticated", code: "ServerFaultCode" });
  expect((await stranger().call("RetrieveServiceContent", TIME)).fault).toBeUndefined();
});

test("a session ends by Logout, and all of them when they are expired", async () => {
  const { soap, server, stranger } = await startVim();
  const other = stranger();
  await other.signIn();
  await soap.call("Logout", MANAGER);
  expect((await soap.call("CurrentTime", TIME)).fault?.type).toBe("NotAuthenticated");
  expect((await other.call("CurrentTime", TIME)).fault).toBeUndefined();
  server.expireSessions();
  expect((await other.call("CurrentTime", TIME)).fault?.type).toBe("NotAuthenticated");
});

test("a reset keeps sessions and drops views, filters and tasks", async () => {
  const { soap, world } = await startVim();
  const view = await soap.call(
    "CreateContainerView",
    `${self("ViewManager", "ViewManager")}<container type="Folder">group-d1</container><recursive>true</recursive>`,
  );
  const running = world.model.vms.find((vm) => vm.powerState === "poweredOn")?.id ?? "";
  const task = await soap.call("PowerOffVM_Task", self("VirtualMachine", running));
  world.reset({ scenario: "clone-assigned" });
  expect((await soap.call("CurrentTime", TIME)).fault).toBeUndefined();
  expect((await soap.call("DestroyView", self("ContainerView", view.value.text))).fault?.type).toBe(
    "ManagedObjectNotFound",
  );
  expect((await soap.call("CancelTask", self("Task", task.value.text))).fault?.type).toBe("ManagedObjectNotFound");
});
