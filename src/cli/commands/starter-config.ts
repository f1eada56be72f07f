/** The commented configuration that `atvm_prep init` writes: everything a site must say, and what it may, with the defaults. */
import { stringify } from "yaml";

/** Where a secret is. */
export type SecretReference = { readonly file: string } | { readonly env: string };
/** undefined: the authorities that Node trusts. */
export type TrustAnswer = { readonly ca: string } | { readonly thumbprint: string } | undefined;

export interface StarterAnswers {
  readonly array: {
    readonly kind: string;
    readonly url: string;
    readonly username: string;
    readonly password: SecretReference;
    readonly tls: TrustAnswer;
    readonly settings?: Readonly<Record<string, string>>;
  };
  readonly vcenter: {
    readonly address: string;
    readonly username: string;
    readonly password: SecretReference;
    readonly tls: TrustAnswer;
  };
  /** `none`, a URL, or undefined for what the environment says. */
  readonly proxy?: string;
  readonly luns: Readonly<Record<string, string>>;
  readonly pairs: readonly { readonly client: string; readonly host: string }[];
  /** Path of the SQLite file; undefined: the usual place. */
  readonly store?: string;
}

/** What a site fills in by hand. */
export const EXAMPLE_ANSWERS: StarterAnswers = {
  array: {
    kind: "dgs",
    url: "https://array.example.net",
    username: "atvm",
    password: { file: "array.password" },
    tls: { ca: "array-ca.pem" },
  },
  vcenter: {
    address: "192.168.0.201",
    username: "atvm@vsphere.local",
    password: { file: "vcenter.password" },
    tls: { ca: "vcenter-ca.pem" },
  },
  luns: {
    Gold: "AutomatedTest-VMBootImg-Gold",
    Gold2: "AutomatedTest-VMBootImg-Gold-2",
    ComputeMigration: "AutomatedTest-VMBootImgComputeMigration-Gold",
  },
  pairs: [
    { client: "CDS1-ESX165", host: "192.168.1.165" },
    { client: "CDS1-ESX166", host: "192.168.1.166" },
  ],
};

/** A value on one line, quoted where YAML wants it. */
const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false }).trim();

const tlsLine = (tls: TrustAnswer): string => (tls === undefined ? "" : `\n  tls: ${inline(tls)}`);

export function starterConfig({ array, vcenter, proxy, luns, pairs, store }: StarterAnswers): string {
  const [first] = pairs;
  const lunLines = Object.entries(luns).map(([short, name]) => `  ${inline(short)}: ${inline(name)}`);
  return `# Configuration of atvm_prep. \`atvm_prep doctor\` checks it; docs/configuration.md describes all of it.
# Relative paths are relative to this file. A password is never written here: name a file or a variable that holds it.

array:
  # Which array it is; docs/driver.md lists the kinds.
  kind: ${inline(array.kind)}
  url: ${inline(array.url)}
  username: ${inline(array.username)}
  password: ${inline(array.password)}${array.settings === undefined ? "" : `\n  settings: ${inline(array.settings)}`}
  # How its certificate is trusted: {ca: FILE}, {thumbprint: SHA256}, or, with a warning on every start, {insecure: true}.
  # Without such a line: the certificate authorities that Node trusts.${tlsLine(array.tls)}

vcenter:
  address: ${inline(vcenter.address)}
  username: ${inline(vcenter.username)}
  password: ${inline(vcenter.password)}${tlsLine(vcenter.tls)}

# The HTTP proxy on the way to both: {url: http://proxy.example.net:3128, except: [.example.net]}, or none.
# Without this line the environment's HTTPS_PROXY and NO_PROXY count.
${proxy === undefined ? "#proxy: none" : `proxy: ${proxy === "none" ? "none" : inline({ url: proxy })}`}

# Changes are made on this machine only.
#controller: {hostname: atvm-cypress-vm-1, address: 192.168.3.190}

# Shorthand for gold LUNs, matched without regard to case, spaces, - and _.
luns:${lunLines.length === 0 ? " {}" : `\n${lunLines.join("\n")}`}

# Which client of the array is which ESXi host.
pairs:${pairs.length === 0 ? " []" : `\n${pairs.map((pair) => `  - ${inline(pair)}`).join("\n")}`}
${first === undefined ? "#defaults: {client: CLIENT, host: HOST}" : `defaults: ${inline(first)}`}

# Where VMs are registered, names with / between them: a folder below the VM folder of the target's Datacenter, a pool
# below the host's own. Without them: right there.
#register: {folder: ATVM/Gold, pool: ATVM}

# How an assistant's plan is approved. token: its second call is enough. prompt: the person is asked through the
# assistant's program. human: a person runs \`atvm_prep approve PLAN\` on a terminal.
approval:
  default: prompt
  rollback: human
  # Whether --yes on the command line may satisfy "human".
  cli: deny
  planTtl: 10m
  #requesterIsNotApprover: true

# Plans, runs and the audit. Keep it where the assistant's account cannot write, if "human" is to prove a person.
# Whoever uses this configuration uses this store: where it is not named, each account would have one of its own.
${store === undefined ? "#store: {sqlite: /var/lib/atvm/atvm.db}" : `store: ${inline({ sqlite: store })}`}
#log: {dir: /root/atvm_prep/log, level: info}

#limits: {powerOffs: 16, unregistrations: 8, registrations: 8, guestShutdown: 5m}
`;
}
