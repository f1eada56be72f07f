import type { Data } from "../wire/value.ts";

/** What the lab says it is: an API of this version, by its own name. */
const API_VERSION = "8.0.1.0";

export const ABOUT: Data = {
  name: "VMware vCenter Server",
  fullName: "VMware vCenter Server 8.0.1 build-0 (atvm-prep lab)",
  vendor: "VMware, Inc.",
  version: "8.0.1",
  build: "0",
  localeVersion: "INTL",
  localeBuild: "000",
  osType: "linux-x64",
  productLineId: "vpx",
  apiType: "VirtualCenter",
  apiVersion: API_VERSION,
  instanceUuid: "7f1c1e0a-52f1-4c5e-9f0e-1ab0a7c3b001",
  licenseProductName: "VMware VirtualCenter Server",
  licenseProductVersion: "8.0",
};

export const ESX_ABOUT: Data = {
  name: "VMware ESXi",
  fullName: "VMware ESXi 8.0.1 build-0 (atvm-prep lab)",
  vendor: "VMware, Inc.",
  version: "8.0.1",
  build: "0",
  osType: "vmnix-x86",
  productLineId: "embeddedEsx",
  apiType: "HostAgent",
  apiVersion: API_VERSION,
};

/** Versions that a client may ask for, newest first: `GET /sdk/vimServiceVersions.xml`. */
const VERSIONS = [
  API_VERSION,
  "7.0.3.0",
  "7.0.0.0",
  "6.7.3",
  "6.7.2",
  "6.7.1",
  "6.7",
  "6.5",
  "6.0",
  "5.5",
  "5.1",
  "5.0",
  "4.1",
  "4.0",
  "2.5",
];

export function serviceVersionsXml(): string {
  const [newest = "", ...prior] = VERSIONS.map((version) => `<version>${version}</version>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<namespaces version="1.0"><namespace><name>urn:vim25</name>${newest}<priorVersions>${prior.join("")}</priorVersions></namespace></namespaces>\n`;
}
