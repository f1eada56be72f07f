"""Holds the lab's hand-written schema tables against the type information that Debian's pyVmomi carries.

Reads {"types": […], "methods": […]} as JSON from standard input: names with their fields. Prints
`not ok NAME: WHY` for each that differs, and `ok …` when none does.
"""
import json
import sys

from pyVmomi import VmomiSupport as support, vim  # noqa: F401  (vim registers the types)

SAME = {
    "TypeName": "string",
    "PropertyPath": "string",
    "MethodName": "string",
    "Link": "string",
    "MethodFault": "LocalizedMethodFault",
}


def name_of(kind):
    return support.GetWsdlName(kind)


def differences(mine, theirs, ordered):
    theirs = [one for one in theirs if one.name not in ("dynamicType", "dynamicProperty")]
    order = [one.name for one in theirs]
    last = -1
    for field in mine:
        if field["name"] not in order:
            yield "%s is unknown" % field["name"]
            continue
        index = order.index(field["name"])
        if ordered and index < last:
            yield "%s is out of order" % field["name"]
        last = max(last, index)
        kind = theirs[index].type
        is_list = issubclass(kind, support.Array)
        if field["kind"] == "any":
            continue
        if is_list != field["list"]:
            yield "%s: list is %s" % (field["name"], is_list)
        wanted = name_of(kind.Item if is_list else kind)
        if SAME.get(wanted, wanted) != field["type"]:
            yield "%s is a %s" % (field["name"], wanted)
        required = not theirs[index].flags & support.F_OPTIONAL
        if field["strict"] and required == field["optional"]:
            yield "%s: required is %s" % (field["name"], required)


wrong = 0


def report(name, problems):
    global wrong
    if problems:
        wrong += 1
        print("not ok schema: %s: %s" % (name, "; ".join(problems)))


tables = json.load(sys.stdin)
for entry in tables["types"]:
    kind = support.GetWsdlType("urn:vim25", entry["name"])
    report(entry["name"], list(differences(entry["fields"], list(kind._GetPropertyList()), not entry["managed"])))
for entry in tables["methods"]:
    owner = support.GetWsdlType("urn:vim25", entry["owner"])
    (method,) = [one for one in owner._methodInfo.values() if one.wsdlName == entry["name"]]
    problems = list(differences(entry["fields"], list(method.params), True))
    if len(entry["fields"]) != len(method.params):
        problems.append("has %d parameters" % len(method.params))
    report(entry["owner"] + "." + entry["name"], problems)
if wrong == 0:
    print("ok schema: %d types and %d methods agree" % (len(tables["types"]), len(tables["methods"])))
