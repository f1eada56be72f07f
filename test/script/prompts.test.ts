import { describe, expect, it } from "vitest";
import { askedBy } from "../../src/script/prompts.ts";

const KNOWN = ["Do you want to continue with this command?", "Power off * VMs?"];

describe("the script's questions", () => {
  it.each([
    "Do you want to continue with this command? [y/n]: ",
    "Do you want to continue with this command [Y/N]",
    "\u001b[1mDo you want to  continue with this command?\u001b[0m (yes/no)> ",
    "copying 40 %\rPower off 12 VMs? [y/n] ",
  ])("are known by their text, however they are dressed: %j", (line) => {
    expect(askedBy(line, KNOWN)?.kind).toBe("known");
  });

  it.each([
    "Do you want to continue with this command and format the array? [y/n]",
    "Really: Do you want to continue with this command? [y/n]",
    "Power off VMs? [y/n]",
    "[y/n]",
  ])("are unknown where the text is another: %j", (line) => {
    expect(askedBy(line, KNOWN)?.kind).toBe("unknown");
  });

  it("are none where nothing is asked, and perhaps one where a line ends as a question does", () => {
    expect(askedBy("Do you want to continue with this command? [y/n] y", KNOWN)).toBeUndefined();
    expect(askedBy("rescanning HBA:", KNOWN)).toBeUndefined();
    expect(askedBy("Which pool? ", KNOWN)?.kind).toBe("perhaps");
    expect(askedBy("Password for root: ", KNOWN)?.kind).toBe("perhaps");
  });

  it("are read literally: only the asterisk stands for anything", () => {
    expect(askedBy("Delete clone aXb? [y/n]", ["Delete clone a.b?"])?.kind).toBe("unknown");
    expect(askedBy("Delete (all) of it? [y/n]", ["Delete (all) of it?"])?.kind).toBe("known");
  });
});
