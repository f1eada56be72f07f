"""What `atvm_prep -A` does, as scripts for this job are written: one thing after the other, each VM's task waited for
with pyVim.task.WaitForTask, properties read as attributes. Standard input: the lab's JSON line.
"""
import http.client
import json
import ssl
import sys
import time
from urllib.parse import quote, urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

GOLD, CLIENT, HOST = "AutomatedTest-VMBootImg-Gold", "CDS1-ESX165", "192.168.1.165"
lab = json.load(sys.stdin)
context = ssl._create_unverified_context()
dgs_url = urlsplit(lab["dgs"]["url"])
dgs = http.client.HTTPSConnection(dgs_url.hostname, dgs_url.port, context=context)
headers = {"Content-Type": "application/json"}


def ask(method, path, body=None):
    def send():
        dgs.request(method, "/api/v1" + path, None if body is None else json.dumps(body), headers)
        return dgs.getresponse()

    try:
        response = send()
    except http.client.RemoteDisconnected:  # The array ends a connection that was not used for a while.
        dgs.close()
        response = send()
    text = response.read()
    assert response.status < 300, text
    return json.loads(text) if text else None


def job(method, path, body=None):
    made = ask(method, path, body)
    while made["state"] not in ("succeeded", "failed"):
        time.sleep(0.01)
        made = ask("GET", "/jobs/" + made["id"])
    assert made["state"] == "succeeded", made
    return made.get("result")


account = {"username": lab["dgs"]["username"], "password": lab["dgs"]["password"]}
headers["Authorization"] = "Bearer " + ask("POST", "/session", account)["token"]
gold = ask("GET", "/volumes?name=" + GOLD)["items"][0]
client = ask("GET", "/clients?name=" + CLIENT)["items"][0]
assignment = ask("GET", "/assignments?clientId=" + client["id"])["items"][0]
old = ask("GET", "/volumes/" + assignment["volumeId"])
assert old["parentVolumeId"] == gold["id"]
snapshots = ask("GET", "/policies/%s/snapshots" % gold["policyId"])["items"]
newest = max((one for one in snapshots if one["volumeId"] == gold["id"]), key=lambda one: one["createdAt"])

vcenter = urlsplit(lab["vcenter"]["url"])
instance = SmartConnect(
    host=vcenter.hostname,
    port=vcenter.port,
    user=lab["vcenter"]["username"],
    pwd=lab["vcenter"]["password"],
    sslContext=context,
)
host = instance.RetrieveContent().searchIndex.FindByIp(None, HOST, False)
storage = host.configManager.storageSystem
naa = "naa." + old["guid"]
(datastore,) = [one for one in host.datastore if one.info.vmfs.extent[0].diskName == naa]

vms = list(datastore.vm)
for vm in vms:
    if vm.runtime.powerState == "poweredOn":
        print("power off", vm.name)
        WaitForTask(vm.PowerOffVM_Task(), si=instance)
for vm in vms:
    print("unregister", vm.name)
    vm.UnregisterVM()
storage.UnmountVmfsVolume(datastore.info.vmfs.uuid)
(lun,) = [one for one in storage.storageDeviceInfo.scsiLun if one.canonicalName == naa]
storage.DetachScsiLun(lun.uuid)
job("DELETE", "/assignments/" + assignment["id"])


def rescan():
    storage.RescanAllHba()
    storage.RescanVmfs()
    return [one.canonicalName for one in storage.storageDeviceInfo.scsiLun]


assert naa not in rescan()
job("DELETE", "/volumes/" + old["id"])
storage.DeleteScsiLunState(naa)

name = "%s-%s-%s-script" % (GOLD, CLIENT, time.strftime("%Y%m%d-%H%M%S", time.gmtime()))
path = "/policies/%s/snapshots/%s/clone" % (gold["policyId"], quote(newest["id"]))
clone = ask("GET", "/volumes/" + job("POST", path, {"name": name})["volumeId"])
job("POST", "/volumes/%s/assignments" % clone["id"], {"clientId": client["id"]})
fresh = "naa." + clone["guid"]
assert fresh in rescan()
copies = host.configManager.datastoreSystem.QueryUnresolvedVmfsVolumes()
(copy,) = [one for one in copies if one.extent[0].device.diskName == fresh]
spec = vim.host.UnresolvedVmfsResolutionSpec(
    extentDevicePath=[copy.extent[0].devicePath], uuidResolution="forceMount")
(result,) = storage.ResolveMultipleUnresolvedVmfsVolumes([spec])
assert result.fault is None, result.fault
assert [one for one in host.datastore if one.info.vmfs.extent[0].diskName == fresh]
Disconnect(instance)
ask("DELETE", "/session")
