import { describe, expect, test } from "vitest";
import { filesOn } from "../../../src/lab/world/vms.ts";
import { change } from "../../support/change.ts";
import { child, self, startVim, type TestVcenter, taskInfo, texts, typeOf } from "./vcenter.ts";

const NAME = "AutomatedTest-VMBootImg-Gold";

async function search(
  { soap, world }: TestVcenter,
  path: string,
  spec = "",
  method = "SearchDatastoreSubFolders_Task",
) {
  const browser = self("HostDatastoreBrowser", world.model.datastores[0]?.browser ?? "");
  const reply = await soap.call(
    method,
    `${browser}<datastorePath>${path}</datastorePath>${spec && `<searchSpec>${spec}</searchSpec>`}`,
  );
  return taskInfo(soap, reply.value);
}

async function found(lab: TestVcenter, path: string, spec: string): Promise<string[]> {
  const info = await search(lab, path, spec);
  return child(info, "result").children.flatMap((one) =>
    texts(one, "file.path").map((file) => child(one, "folderPath").text + file),
  );
}

describe("searching a datastore", () => {
  test("finds files by pattern in every folder, whatever its name", async () => {
    const lab = await startVim();
    const files = await found(
      lab,
      `[${NAME}]`,
      "<matchPattern>*.vmx</matchPattern><matchPattern>*.vmtx</matchPattern>",
    );
    const there = change(lab.world, filesOn, lab.world.model.datastores[0]?.id ?? "").map(
      ({ path }) => `[${NAME}] ${path}`,
    );
    expect(files.toSorted()).toEqual(there.toSorted());
    expect(there.some((path) => path.split("/").length > 2)).toBe(true);
  });

  test("a pattern is for the whole name, and its special characters are plain", async () => {
    const lab = await startVim();
    expect(await found(lab, `[${NAME}] web-01`, "<matchPattern>web-0?.vmx</matchPattern>")).toEqual([
      `[${NAME}] web-01/web-01.vmx`,
    ]);
    expect(await found(lab, `[${NAME}] web-01`, "<matchPattern>*.vm</matchPattern>")).toEqual([]);
    expect(await found(lab, `[${NAME}] web-01`, "<matchPattern>web.01.vmx</matchPattern>")).toEqual([]);
  });

  test("a query finds its kind of file, and details tell the class", async () => {
    const lab = await startVim();
    const details =
      "<details><fileType>true</fileType><fileSize>true</fileSize><modification>false</modification><fileOwner>false</fileOwner></details>";
    const info = await search(lab, `[${NAME}] tpl-base`, `<query xsi:type="TemplateConfigFileQuery"/>${details}`);
    const [file] = child(info, "result").children[0]?.children.filter((one) => one.name === "file") ?? [];
    expect(typeOf(file ?? expect.fail())).toBe("TemplateConfigFileInfo");
    expect(texts(file ?? expect.fail(), "fileSize")).toHaveLength(1);
    expect(await found(lab, `[${NAME}] tpl-base`, '<query xsi:type="VmConfigFileQuery"/>')).toEqual([]);
  });

  test("SearchDatastore_Task looks into one folder and returns one result", async () => {
    const lab = await startVim();
    const info = await search(lab, `[${NAME}]`, '<query xsi:type="FolderFileQuery"/>', "SearchDatastore_Task");
    expect(typeOf(child(info, "result"))).toBe("HostDatastoreBrowserSearchResults");
    expect(texts(child(info, "result"), "file.path")).toContain("web-01");
  });

  test.each([
    ["a folder that is not there", `[${NAME}] nope`, "FileNotFound"],
    ["a datastore that this browser does not have", "[nope]", "InvalidDatastore"],
    ["a path that is none", "nope", "InvalidDatastorePath"],
  ])("%s ends the task in error", async (_, path, fault) => {
    const info = await search(await startVim(), path);
    expect(typeOf(child(info, "error.fault"))).toBe(fault);
  });

  test("a datastore whose disk is gone is InaccessibleDatastore", async () => {
    const info = await search(await startVim({ scenario: "stale-inventory" }), `[${NAME}]`);
    expect(typeOf(child(info, "error.fault"))).toBe("InaccessibleDatastore");
  });
});
