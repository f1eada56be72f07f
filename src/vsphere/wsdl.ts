import { WSDL } from "soap";

/**
 * The part of vim25 that this project speaks, written from VMware's API reference: the operations it calls and the types
 * it sends or reads. A field is `name:type`, `name?:type` (optional) or `name*:type` (any number), in schema order,
 * which real servers insist on. Types that are only read list the fields that are read.
 */
const TYPES: Readonly<Record<string, string>> = {
  // What is sent.
  PropertySpec: "type:string all?:boolean pathSet*:string",
  SelectionSpec: "name?:string",
  "TraversalSpec < SelectionSpec": "type:string path:string skip?:boolean selectSet*:SelectionSpec",
  ObjectSpec: "obj:ManagedObjectReference skip?:boolean selectSet*:SelectionSpec",
  PropertyFilterSpec: "propSet*:PropertySpec objectSet*:ObjectSpec reportMissingObjectsInResults?:boolean",
  RetrieveOptions: "maxObjects?:int",
  WaitOptions: "maxWaitSeconds?:int maxObjectUpdates?:int",
  FileQueryFlags: "fileType:boolean fileSize:boolean modification:boolean fileOwner:boolean",
  FileQuery: "",
  "FolderFileQuery < FileQuery": "",
  "VmConfigFileQuery < FileQuery": "",
  "TemplateConfigFileQuery < VmConfigFileQuery": "",
  HostDatastoreBrowserSearchSpec:
    "query*:FileQuery details?:FileQueryFlags searchCaseInsensitive?:boolean matchPattern*:string",
  HostUnresolvedVmfsResolutionSpec: "extentDevicePath*:string uuidResolution:string",
  // What is read.
  AboutInfo: "name:string fullName?:string version?:string build?:string apiType?:string apiVersion?:string",
  ServiceContent:
    "rootFolder:ManagedObjectReference propertyCollector:ManagedObjectReference viewManager?:ManagedObjectReference about:AboutInfo sessionManager?:ManagedObjectReference searchIndex?:ManagedObjectReference",
  UserSession: "key:string userName:string",
  DynamicProperty: "name:string val:anyType",
  LocalizedMethodFault: "fault:MethodFault localizedMessage?:string",
  MethodFault: "faultCause?:LocalizedMethodFault faultMessage*:LocalizableMessage",
  LocalizableMessage: "key:string message?:string",
  MissingProperty: "path:string fault:LocalizedMethodFault",
  ObjectContent: "obj:ManagedObjectReference propSet*:DynamicProperty missingSet*:MissingProperty",
  RetrieveResult: "token?:string objects*:ObjectContent",
  PropertyChange: "name:string op:string val?:anyType",
  ObjectUpdate: "kind:string obj:ManagedObjectReference changeSet*:PropertyChange missingSet*:MissingProperty",
  MissingObject: "obj:ManagedObjectReference fault:LocalizedMethodFault",
  PropertyFilterUpdate: "filter:ManagedObjectReference objectSet*:ObjectUpdate missingSet*:MissingObject",
  UpdateSet: "version:string filterSet*:PropertyFilterUpdate truncated?:boolean",
  HostScsiDiskPartition: "diskName:string partition:int",
  HostUnresolvedVmfsExtent:
    "device:HostScsiDiskPartition devicePath:string vmfsUuid:string isHeadExtent:boolean ordinal:int startBlock:int endBlock:int reason:string",
  HostUnresolvedVmfsResolveStatus: "resolvable:boolean incompleteExtents?:boolean multipleCopies?:boolean",
  HostUnresolvedVmfsVolume:
    "extent*:HostUnresolvedVmfsExtent vmfsLabel:string vmfsUuid:string totalBlocks:int resolveStatus:HostUnresolvedVmfsResolveStatus",
  HostVmfsVolume: "name:string uuid:string",
  HostUnresolvedVmfsResolutionResult:
    "spec:HostUnresolvedVmfsResolutionSpec vmfs?:HostVmfsVolume fault?:LocalizedMethodFault",
};

interface Operation {
  /** Parameters after `_this`. */
  readonly takes: string;
  /** Type of `returnval`, with its `?` or `*`. */
  readonly returns?: string;
}

const OPERATIONS = {
  RetrieveServiceContent: { takes: "", returns: ":ServiceContent" },
  Login: { takes: "userName:string password:string locale?:string", returns: ":UserSession" },
  Logout: { takes: "" },
  RetrievePropertiesEx: { takes: "specSet*:PropertyFilterSpec options:RetrieveOptions", returns: "?:RetrieveResult" },
  ContinueRetrievePropertiesEx: { takes: "token:string", returns: ":RetrieveResult" },
  CreatePropertyCollector: { takes: "", returns: ":ManagedObjectReference" },
  CreateFilter: { takes: "spec:PropertyFilterSpec partialUpdates:boolean", returns: ":ManagedObjectReference" },
  DestroyPropertyFilter: { takes: "" },
  DestroyPropertyCollector: { takes: "" },
  WaitForUpdatesEx: { takes: "version?:string options?:WaitOptions", returns: "?:UpdateSet" },
  CreateListView: { takes: "obj*:ManagedObjectReference", returns: ":ManagedObjectReference" },
  ModifyListView: {
    takes: "add*:ManagedObjectReference remove*:ManagedObjectReference",
    returns: "*:ManagedObjectReference",
  },
  FindAllByIp: {
    takes: "datacenter?:ManagedObjectReference ip:string vmSearch:boolean",
    returns: "*:ManagedObjectReference",
  },
  FindAllByDnsName: {
    takes: "datacenter?:ManagedObjectReference dnsName:string vmSearch:boolean",
    returns: "*:ManagedObjectReference",
  },
  FindChild: { takes: "entity:ManagedObjectReference name:string", returns: "?:ManagedObjectReference" },
  SearchDatastore_Task: {
    takes: "datastorePath:string searchSpec?:HostDatastoreBrowserSearchSpec",
    returns: ":ManagedObjectReference",
  },
  SearchDatastoreSubFolders_Task: {
    takes: "datastorePath:string searchSpec?:HostDatastoreBrowserSearchSpec",
    returns: ":ManagedObjectReference",
  },
  QueryUnresolvedVmfsVolumes: { takes: "", returns: "*:HostUnresolvedVmfsVolume" },
  ResolveMultipleUnresolvedVmfsVolumes: {
    takes: "resolutionSpec*:HostUnresolvedVmfsResolutionSpec",
    returns: "*:HostUnresolvedVmfsResolutionResult",
  },
  PowerOffVM_Task: { takes: "", returns: ":ManagedObjectReference" },
  ShutdownGuest: { takes: "" },
  UnregisterVM: { takes: "" },
  RegisterVM_Task: {
    takes: "path:string name?:string asTemplate:boolean pool?:ManagedObjectReference host?:ManagedObjectReference",
    returns: ":ManagedObjectReference",
  },
  UnmountVmfsVolume: { takes: "vmfsUuid:string" },
  MountVmfsVolume: { takes: "vmfsUuid:string" },
  DetachScsiLun: { takes: "lunUuid:string" },
  AttachScsiLun: { takes: "lunUuid:string" },
  DeleteScsiLunState: { takes: "lunCanonicalName:string" },
  RescanAllHba: { takes: "" },
  RescanVmfs: { takes: "" },
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

export const VIM_NAMESPACE = "urn:vim25";

const XSD_TYPES: ReadonlySet<string> = new Set(["string", "boolean", "int", "long", "anyType"]);
const qualified = (type: string): string => (XSD_TYPES.has(type) ? `xsd:${type}` : `vim25:${type}`);

function element(field: string): string {
  const [, name = "", many = "", type = ""] = /^(\w*)([?*]?):(\w+)$/.exec(field) ?? [];
  const occurs = { "": "", "?": ' minOccurs="0"', "*": ' minOccurs="0" maxOccurs="unbounded"' }[many] ?? "";
  return `<xsd:element name="${name}" type="${qualified(type)}"${occurs}/>`;
}

const sequence = (fields: string): string =>
  `<xsd:sequence>${fields.split(" ").filter(Boolean).map(element).join("")}</xsd:sequence>`;

function complexType([heading, fields]: readonly [string, string]): string {
  const [name, base] = heading.split(" < ");
  const body = sequence(fields);
  const content =
    base === undefined
      ? body
      : `<xsd:complexContent><xsd:extension base="vim25:${base}">${body}</xsd:extension></xsd:complexContent>`;
  return `<xsd:complexType name="${name}">${content}</xsd:complexType>`;
}

/** The subset as WSDL 1.1, for node-soap. */
function wsdlText(): string {
  const operations = Object.entries<Operation>(OPERATIONS);
  const wrappers = operations.map(([name, { takes, returns }]) => {
    const request = sequence(`_this:ManagedObjectReference ${takes}`);
    const response = sequence(returns === undefined ? "" : `returnval${returns}`);
    return `<xsd:element name="${name}"><xsd:complexType>${request}</xsd:complexType></xsd:element>
<xsd:element name="${name}Response"><xsd:complexType>${response}</xsd:complexType></xsd:element>`;
  });
  const names = operations.map(([name]) => name);
  const messages = names.map(
    (name) => `<message name="${name}RequestMsg"><part name="parameters" element="vim25:${name}"/></message>
<message name="${name}ResponseMsg"><part name="parameters" element="vim25:${name}Response"/></message>`,
  );
  const ports = names.map(
    (name) =>
      `<operation name="${name}"><input message="vim25:${name}RequestMsg"/><output message="vim25:${name}ResponseMsg"/></operation>`,
  );
  const bindings = names.map(
    (name) =>
      `<operation name="${name}"><soap:operation soapAction="${VIM_NAMESPACE}" style="document"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions targetNamespace="${VIM_NAMESPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:vim25="${VIM_NAMESPACE}" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<types><xsd:schema targetNamespace="${VIM_NAMESPACE}" elementFormDefault="qualified">
<xsd:complexType name="ManagedObjectReference"><xsd:simpleContent><xsd:extension base="xsd:string"><xsd:attribute name="type" type="xsd:string"/></xsd:extension></xsd:simpleContent></xsd:complexType>
${Object.entries(TYPES).map(complexType).join("\n")}
${wrappers.join("\n")}
</xsd:schema></types>
${messages.join("\n")}
<portType name="VimPortType">${ports.join("\n")}</portType>
<binding name="VimBinding" type="vim25:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${bindings.join("\n")}
</binding>
<service name="VimService"><port binding="vim25:VimBinding" name="VimPort"><soap:address location="https://localhost/sdk"/></port></service>
</definitions>`;
}

let loaded: Promise<WSDL> | undefined;

/** The parsed subset, read from memory once a process. */
export function loadWsdl(): Promise<WSDL> {
  loaded ??= new Promise((resolve, reject) => {
    const wsdl = new WSDL(wsdlText(), "memory:vim25", {});
    // Left unset by everything but node-soap's own client; every `attributes` member is read and written by it.
    wsdl.options.attributesKey = "attributes";
    wsdl.onReady((error: Error | null | undefined) => (error ? reject(error) : resolve(wsdl)));
  });
  return loaded;
}
