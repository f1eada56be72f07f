import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Request } from "../../src/core/request/request.ts";
import { renderCommand } from "../../src/text/command.ts";

const request: Request = {
  mode: "automated_testing",
  lun: "AutomatedTest-VMBootImg-Gold",
  client: "CDS1-ESX165",
  host: "192.168.1.165",
  paired: true,
  registerVms: false,
  keepClone: false,
  forcePowerOff: false,
  releaseFirst: false,
  crashConsistent: false,
};

test("is the command of the script, names resolved", () => {
  expect(renderCommand(request, "nightly-2026-11-21", "192.168.0.201")).toBe(
    "atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165",
  );
});

test("an address with a port is not escaped", () => {
  expect(renderCommand(request, undefined, "127.0.0.1:8443")).toContain("-vi 127.0.0.1:8443 ");
});

test.each([
  "it's a name",
  "$(reboot)",
  "a;b",
  'say "hi"',
  "tab\there",
  "*",
  "~",
  "[a-z]",
  "{a,b}",
  "!!",
  "`id`",
  "=ls",
])("a shell reads %j back as one word", (lun) => {
  const command = renderCommand({ ...request, lun }, undefined, "vc").replace("atvm_prep", "printf '%s\\0'");
  const words = execFileSync("/bin/sh", ["-c", command], { encoding: "utf8" }).split("\0");
  expect(words.slice(0, 3)).toEqual(["-A", "-n", lun]);
});

test("a word that begins with an equals sign is quoted, which zsh would expand", () => {
  expect(renderCommand({ ...request, lun: "=ls" }, undefined, "vc")).toMatch(/ -n (?:\\=|'=)ls'? /);
});

test("carries every option that changes the plan", () => {
  const command = renderCommand(
    { ...request, registerVms: true, keepClone: true, forcePowerOff: true, releaseFirst: true },
    undefined,
    "vc",
  );
  expect(command.endsWith("-e 192.168.1.165 --register_vms --keep_clone --force_power_off --release_first")).toBe(true);
});

test("a name that begins with a dash stands with its flag, so that it is read as a value", () => {
  const command = renderCommand({ ...request, lun: "-odd" }, "-dash", "vc");
  expect(command).toContain("atvm_prep -A --dgs_lun_name=-odd --snapshot_name=-dash -c CDS1-ESX165");
});
