/** What `atvm_prep init` writes: everything a site must say, and what it may, with the defaults. */
export const STARTER_CONFIG = `# Configuration of atvm_prep. \`atvm_prep doctor\` checks it; \`atvm_prep config schema\` describes all of it.
# Relative paths are relative to this file. A password is never written here: name a file or a variable that holds it.

dgs:
  url: https://dgs.example.net
  username: atvm
  password: {file: dgs.password}
  # How its certificate is trusted: {ca: FILE}, {thumbprint: SHA256}, or, with a warning on every start, {insecure: true}.
  # Without this line: the certificate authorities that Node trusts.
  tls: {ca: dgs-ca.pem}

vcenter:
  address: 192.168.0.201
  username: atvm@vsphere.local
  password: {file: vcenter.password}
  tls: {ca: vcenter-ca.pem}

# Changes are made on this machine only.
#controller: {hostname: atvm-cypress-vm-1, address: 192.168.3.190}

# Shorthand for gold LUNs, matched without regard to case, spaces, - and _.
luns:
  Gold: AutomatedTest-VMBootImg-Gold
  Gold2: AutomatedTest-VMBootImg-Gold-2
  ComputeMigration: AutomatedTest-VMBootImgComputeMigration-Gold

# Which DGS client is which ESXi host.
pairs:
  - {client: CDS1-ESX165, host: 192.168.1.165}
  - {client: CDS1-ESX166, host: 192.168.1.166}
defaults: {client: CDS1-ESX165, host: 192.168.1.165}

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
#store: {sqlite: /var/lib/atvm/atvm.db}
#log: {dir: /root/atvm_prep/log, level: info}

#limits: {powerOff: 16, unregister: 8, register: 8, guestShutdown: 5m}
`;
