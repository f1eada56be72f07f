import { describe, expect, test } from "vitest";
import { asVmfsUuid } from "../../../src/core/domain/ids.ts";
import { fileOn } from "../../../src/core/domain/vm-path.ts";

const datastore = { pathName: "Gold", vmfsUuid: asVmfsUuid("5f1a-22") };

describe("where a VM lies", () => {
  test.each([
    ["[Gold] web/web.vmx", "web/web.vmx"],
    ["[] /vmfs/volumes/5f1a-22/web/web.vmx", "web/web.vmx"],
    ["[Gold] odd [x] %2f/ä b.vmx", "odd [x] %2f/ä b.vmx"],
  ])("%s is on it", (path, file) => {
    expect(fileOn(datastore, path)).toBe(file);
  });

  test.each(["[Gold-2] web/web.vmx", "[] /vmfs/volumes/other/web/web.vmx", "", "Gold/web.vmx", "[Golden] x.vmx"])(
    "%s is not on it",
    (path) => {
      expect(fileOn(datastore, path)).toBeUndefined();
    },
  );
});
