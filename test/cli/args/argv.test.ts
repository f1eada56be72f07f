import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeArgv } from "../../../src/cli/args/argv.ts";
import { PrepError } from "../../../src/core/domain/errors.ts";

const refusal = (argv: string[]): PrepError => {
  try {
    normalizeArgv(argv);
  } catch (thrown) {
    if (thrown instanceof PrepError) return thrown;
    throw thrown;
  }
  throw new Error("it was accepted");
};

describe("the script's flags", () => {
  it("takes multi-letter short flags, apart and with an equals sign", () => {
    expect(normalizeArgv(["-rvgd", "-n", "Gold", "-vi", "10.0.0.1", "-vu=root", "-vp=-x=y"])).toEqual([
      "--rollback_vm_gold_disk",
      "--dgs_lun_name",
      "Gold",
      "--vcenter_ip",
      "10.0.0.1",
      "--vcenter_username=root",
      "--vcenter_password=-x=y",
    ]);
  });

  it("takes single-letter flags with an equals sign, as the script's parser does", () => {
    expect(normalizeArgv(["-A", "-n=Gold"])).toEqual(["--automated_testing", "--dgs_lun_name=Gold"]);
  });

  it("leaves what follows -- as it is", () => {
    expect(normalizeArgv(["plans", "--", "-vi"])).toEqual(["plans", "--", "-vi"]);
  });

  it.each([[["-n"]], [["-n", "-A"]], [["-A", "-n", "Gold", "--snapshot_name", "--yes"]], [["--config"]]])(
    "refuses %j, where a flag stands for a value",
    (argv) => {
      expect(refusal(argv)).toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringContaining("requires a value"),
      });
    },
  );

  it("refuses what begins like -vp without repeating it: it may be a password", () => {
    const secret = "hunter2-canary";
    const error = refusal(["-A", "-n", "Gold", `-vp${secret}`]);
    expect(JSON.stringify(error.toRecord())).not.toContain(secret);
    expect(error.hint).toContain("-vp VALUE");
  });

  it.each([
    ["-rvg", "-rvgd"],
    ["-v", undefined],
    ["-vx", "-vi"],
  ])("for %s names %s", (flag, near) => {
    if (near === undefined) expect(normalizeArgv([flag])).toEqual([flag]);
    else expect(refusal([flag]).hint).toContain(near);
  });

  it("gives any values through unchanged", () => {
    const value = fc.string({ minLength: 1 }).filter((text) => !/^-/.test(text));
    fc.assert(
      fc.property(value, value, (lun, user) => {
        expect(normalizeArgv(["-A", "-n", lun, `-vu=${user}`])).toEqual([
          "--automated_testing",
          "--dgs_lun_name",
          lun,
          `--vcenter_username=${user}`,
        ]);
      }),
    );
  });
});
