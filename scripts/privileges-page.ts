/** docs/privileges.md: the vCenter role that the account needs, from the table that `doctor` checks. */
import { MODES, type Mode, traitsOf } from "../src/core/domain/modes.ts";
import { PRIVILEGES, type Privilege, type PrivilegePlace, privilegesOf } from "../src/vsphere/privileges.ts";

const PLACES: Readonly<Record<PrivilegePlace, string>> = {
  datacenter: "the Datacenter of each host",
  host: "each ESXi host",
  vmFolder: "the VM folder in which VMs are registered, and the VMs in it",
  pool: "the resource pool in which VMs are registered",
};

const flagOf = (mode: Mode): string => {
  const { short, long } = traitsOf(mode).flag;
  return short === undefined ? `\`--${long}\`` : `\`-${short}\``;
};

/** What the driver in `src/array/ontap` calls, and whether it changes what is there. */
const ONTAP_PATHS: readonly (readonly [path: string, access: "readonly" | "all"])[] = [
  ["/api/cluster", "readonly"],
  ["/api/cluster/jobs", "readonly"],
  ["/api/storage/luns", "readonly"],
  ["/api/protocols/san/igroups", "readonly"],
  ["/api/storage/volumes", "all"],
  ["/api/storage/volumes/*/snapshots", "all"],
  ["/api/protocols/san/lun-maps", "all"],
];

/** Those that vCenter puts into every role by itself, and refuses to be named. */
const isInherent = ({ id }: Privilege): boolean => id.startsWith("System.");

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const roleLine = (name: string, privileges: readonly Privilege[]): string =>
  `govc role.create ${name} ${privileges
    .filter((privilege) => !isInherent(privilege))
    .map(({ id }) => id)
    .join(" ")}`;

function cellOf({ modes, withRegisterVms }: Privilege, mode: Mode): string {
  if (modes.includes(mode)) return "yes";
  return withRegisterVms.includes(mode) ? "with `--register_vms`" : "";
}

export function privilegesPage(): string {
  return [
    "# Roles for the accounts",
    "",
    "## In vCenter",
    "",
    "Made from the table that `atvm_prep doctor` checks (`npm run docs`); a test compares, and another one runs every mode on",
    "the lab with exactly these. Give the account of `vcenter.username` one role, with propagation, on the Datacenters in",
    "which its hosts are (or on what the table says, where the site wants it narrower):",
    "",
    "```sh",
    roleLine("atvm-prep", PRIVILEGES),
    "govc permissions.set -principal atvm@vsphere.local -role atvm-prep -propagate=true /DATACENTER",
    "```",
    "",
    "`System.Anonymous`, `System.View` and `System.Read` are part of every role that someone makes. The account also needs",
    "to see the folders above its Datacenters: a `ReadOnly` permission on the root folder without propagation is enough.",
    "",
    row(["privilege", "on", ...MODES.map(flagOf)]),
    row(["---", "---", ...MODES.map(() => "---")]),
    ...PRIVILEGES.map((privilege) =>
      row([
        `\`${privilege.id}\`: ${privilege.name}`,
        PLACES[privilege.on],
        ...MODES.map((mode) => cellOf(privilege, mode)),
      ]),
    ),
    "",
    "### What wants them",
    "",
    row(["privilege", "calls of vim25"]),
    row(["---", "---"]),
    ...PRIVILEGES.map(({ id, calls }) => row([`\`${id}\``, calls.map((call) => `\`${call}\``).join(", ")])),
    "",
    "`UnregisterVM` wants its privilege on the VM and on the folder that the VM is in, `RegisterVM_Task` also `System.Read`",
    "on the datastore ([vSphere Security](https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-security/GUID-C81A92E3-4A73-4CE7-88D5-031079A53693.html),",
    "[RegisterVM_Task](https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/sdk/vim25/release/Folder/moId/RegisterVM_Task/post/)).",
    "",
    "### A role for one mode alone",
    "",
    "```sh",
    ...MODES.map((mode) => roleLine(`atvm-prep-${mode.replaceAll("_", "-")}`, privilegesOf(mode))),
    "```",
    "",
    "## On NetApp ONTAP",
    "",
    "A REST role of the SVM, for every mode; not yet tried on a real ONTAP. If `/api/cluster` is refused, only the version is",
    "missing from texts.",
    "",
    "```text",
    ...ONTAP_PATHS.map(
      ([path, access]) => `security login rest-role create -vserver SVM -role atvm-prep -api ${path} -access ${access}`,
    ),
    "security login create -vserver SVM -user-or-group-name prep -application http -authentication-method password -role atvm-prep",
    "```",
    "",
  ].join("\n");
}
