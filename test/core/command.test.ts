import { parse } from "shell-quote";
import { expect, test } from "vitest";
import { renderCommand } from "../../src/core/command.ts";
import type { Request } from "../../src/core/request.ts";

const request: Request = {
  mode: "automated_testing",
  lun: "AutomatedTest-VMBootImg-Gold",
  client: "CDS1-ESX165",
  host: "192.168.1.165",
  paired: true,
  registerVms: false,
  keepClone: false,
  forcePowerOff: false,
};

test("is the command of the script, names resolved", () => {
  expect(renderCommand(request, "nightly-2026-11-21", "192.168.0.201")).toBe(
    "atvm_prep -A -n AutomatedTest-VMBootImg-Gold -s nightly-2026-11-21 -c CDS1-ESX165 -vi 192.168.0.201 -e 192.168.1.165",
  );
});

test("an address with a port is not escaped", () => {
  expect(renderCommand(request, undefined, "127.0.0.1:8443")).toContain("-vi 127.0.0.1:8443 ");
});

test.each(["it's a name", "$(reboot)", "a;b", 'say "hi"', "tab\there", "*"])(
  "a shell reads %j back as one word",
  (lun) => {
    const words = parse(renderCommand({ ...request, lun }, undefined, "vc"));
    expect(words.slice(0, 4)).toEqual(["atvm_prep", "-A", "-n", lun]);
  },
);

test("carries every option that changes the plan", () => {
  const command = renderCommand(
    { ...request, registerVms: true, keepClone: true, forcePowerOff: true },
    undefined,
    "vc",
  );
  expect(command.endsWith("-e 192.168.1.165 --register_vms --keep_clone --force_power_off")).toBe(true);
});
