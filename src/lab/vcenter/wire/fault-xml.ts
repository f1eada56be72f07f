import { typeNamed } from "../schema/schema.ts";
import { encodeField } from "./encode.ts";
import type { SoapFault } from "./faults.ts";
import { escapeXml } from "./xml.ts";

const MEMBERLESS = typeNamed("MethodFault");

/** A SOAP 1.1 fault with its typed detail, `<XFault xmlns="urn:vim25" xsi:type="X">`. */
export function faultXml(fault: SoapFault): string {
  const fields = (typeNamed(fault.type) ?? MEMBERLESS)?.fields ?? [];
  const members = fields.map((field) => encodeField(field, fault.detail[field.name])).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>
<soapenv:Fault><faultcode>${fault.code}</faultcode><faultstring>${escapeXml(fault.message)}</faultstring><detail><${fault.type}Fault xmlns="urn:vim25" xsi:type="${fault.type}">${members}</${fault.type}Fault></detail></soapenv:Fault>
</soapenv:Body>
</soapenv:Envelope>
`;
}
