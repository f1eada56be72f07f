import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { lunNameOf, type Naming, nearest, resolveRequest, resolveTarget } from "../../../src/core/request/request.ts";

const naming: Naming = {
  luns: {
    Gold: "AutomatedTest-VMBootImg-Gold",
    Gold2: "AutomatedTest-VMBootImg-Gold-2",
    ComputeMigration: "AutomatedTest-VMBootImgComputeMigration-Gold",
  },
  pairs: [
    { client: "CDS1-ESX165", host: "192.168.1.165" },
    { client: "CDS1-ESX166", host: "192.168.1.166" },
  ],
  defaults: { client: "CDS1-ESX165", host: "192.168.1.165" },
};

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PrepError) return thrown.code;
    throw thrown;
  }
  return "none";
};

describe("shorthand", () => {
  test.each([
    ["Gold", "AutomatedTest-VMBootImg-Gold"],
    ["gold", "AutomatedTest-VMBootImg-Gold"],
    ["GOLD 2", "AutomatedTest-VMBootImg-Gold-2"],
    ["gold_2", "AutomatedTest-VMBootImg-Gold-2"],
    ["gold-2", "AutomatedTest-VMBootImg-Gold-2"],
    ["compute migration", "AutomatedTest-VMBootImgComputeMigration-Gold"],
    ["Compute_Migration", "AutomatedTest-VMBootImgComputeMigration-Gold"],
  ])("%s means %s", (asked, full) => {
    expect(lunNameOf(asked, naming.luns)).toBe(full);
  });

  test("a full name passes through, and so does one that nobody configured", () => {
    expect(lunNameOf("AutomatedTest-VMBootImg-Gold", naming.luns)).toBe("AutomatedTest-VMBootImg-Gold");
    expect(lunNameOf("Some-Other-LUN", naming.luns)).toBe("Some-Other-LUN");
  });

  test("case, spaces, dashes and underscores never matter", () => {
    const noise = fc.constantFrom("", " ", "-", "_", "  ", "- _");
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(naming.luns)),
        fc.array(noise, { minLength: 24, maxLength: 24 }),
        fc.boolean(),
        (short, between, upper) => {
          const letters = [...(upper ? short.toUpperCase() : short.toLowerCase())];
          const spelled = letters.map((letter, index) => `${between[index] ?? ""}${letter}`).join("");
          expect(lunNameOf(spelled, naming.luns)).toBe(naming.luns[short]);
        },
      ),
    );
  });
});

describe("client and host", () => {
  test("neither given: the defaults", () => {
    expect(resolveTarget({}, naming)).toEqual({ client: "CDS1-ESX165", host: "192.168.1.165", paired: true });
  });

  test("one side given: the other comes from its pair, never from the defaults", () => {
    expect(resolveTarget({ client: "CDS1-ESX166" }, naming).host).toBe("192.168.1.166");
    expect(resolveTarget({ host: "192.168.1.166" }, naming).client).toBe("CDS1-ESX166");
    expect(codeOf(() => resolveTarget({ client: "CDS1-ESX170" }, naming))).toBe("UNKNOWN_CLIENT");
    expect(codeOf(() => resolveTarget({ host: "10.0.0.9" }, naming))).toBe("UNKNOWN_HOST");
  });

  test("a part that only one has means it, and either side's part means the pair", () => {
    const second = { client: "CDS1-ESX166", host: "192.168.1.166", paired: true };
    for (const asked of ["166", "esx166", "1.166", "192.168.1.166", "cds1-esx166"]) {
      expect(resolveTarget({ host: asked }, naming)).toEqual(second);
      expect(resolveTarget({ client: asked }, naming)).toEqual(second);
    }
    expect(resolveTarget({ client: "166", host: "166" }, naming)).toEqual(second);
    expect(codeOf(() => resolveTarget({ client: "165", host: "166" }, naming))).toBe("PAIR_CONFLICT");
    expect(codeOf(() => resolveTarget({ host: "192.168" }, naming))).toBe("AMBIGUOUS_HOST");
    expect(codeOf(() => resolveTarget({ client: "esx" }, naming))).toBe("AMBIGUOUS_CLIENT");
    expect(codeOf(() => resolveTarget({ client: "5" }, naming))).toBe("UNKNOWN_CLIENT");
  });

  test("both given and contradicting a pair: a conflict, whichever side contradicts", () => {
    expect(codeOf(() => resolveTarget({ client: "CDS1-ESX165", host: "192.168.1.166" }, naming))).toBe("PAIR_CONFLICT");
    expect(codeOf(() => resolveTarget({ client: "CDS1-ESX170", host: "192.168.1.166" }, naming))).toBe("PAIR_CONFLICT");
    expect(codeOf(() => resolveTarget({ client: "CDS1-ESX165", host: "10.0.0.9" }, naming))).toBe("PAIR_CONFLICT");
  });

  test("both given and in no pair: left to the array's record", () => {
    expect(resolveTarget({ client: "CDS1-ESX170", host: "10.0.0.9" }, naming).paired).toBe(false);
  });
});

describe("a request", () => {
  test("a snapshot in a mode without one is a warning, and is left out", () => {
    const { request, warnings } = resolveRequest("maintenance", { lun: "Gold", snapshot: "nightly" }, naming);
    expect(request.snapshot).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  test.each(["", "   ", "a\nb", "x".repeat(257)])("refuses the LUN name %j", (lun) => {
    expect(codeOf(() => resolveRequest("maintenance", { lun }, naming))).toBe("BAD_REQUEST");
  });

  test("suggests the closest names first", () => {
    expect(nearest("Gold-3", ["AutomatedTest-VMBootImg-Gold-2", "Gold-2", "Silver"])[0]).toBe("Gold-2");
  });
});

describe("a name of megabytes", () => {
  // Near misses are looked for by the distance of two words: over this one it would run into the test's time limit.
  const huge = `G${"old ".repeat(2_000_000)}`;
  test.each(["lun", "snapshot", "client", "host"])("as the %s is refused in few words", (input) => {
    const inputs = { lun: "Gold", [input]: huge };
    let said = "";
    try {
      resolveRequest("automated_testing", inputs, naming);
    } catch (thrown) {
      if (!(thrown instanceof PrepError) || thrown.code !== "BAD_REQUEST") throw thrown;
      said = JSON.stringify([thrown.message, thrown.found, thrown.hint]);
    }
    expect(said).toContain("Gold old old");
    expect(said.length).toBeLessThan(1_000);
  });
});
