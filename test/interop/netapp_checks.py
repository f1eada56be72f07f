"""NetApp's own Ansible collection (Debian's `ansible`) against the lab's ONTAP.

Takes {"port", "username", "password", "svm", "gold", "initiator"} as JSON in the first argument, plays a whole
round through the collection's modules, each in a process of its own, and prints `ok …` or `not ok …` for each check, and
one line `made {…}` with what NetApp's code says of the clone that is left for our driver to read.
"""
import json
import subprocess
import sys

setup = json.loads(sys.argv[1])
# Without arguments of its own: a module takes its first one for its parameters.
RUN = "import runpy; runpy.run_module('ansible_collections.netapp.ontap.plugins.modules.na_ontap_%s', run_name='__main__')"
CONNECTION = {
    "hostname": "127.0.0.1",
    "http_port": setup["port"],
    "username": setup["username"],
    "password": setup["password"],
    "https": True,
    "validate_certs": False,
    "use_rest": "always",
}


def play(module, **args):
    """What the module says of itself: {"changed": …} or {"failed": true, "msg": …}."""
    given = {"ANSIBLE_MODULE_ARGS": {**CONNECTION, **args}}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN % module],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"failed": True, "msg": "%s %s" % (done.stdout[-300:], done.stderr[-600:])}


def check(name, passed, seen=""):
    print("%s netapp.ontap: %s%s" % ("ok" if passed else "not ok", name, "" if passed else ": %s" % (seen,)), flush=True)


def changes(what, module, **args):
    """A module changes something, and says the second time that there is nothing left to change."""
    first = play(module, **args)
    check(what, first.get("changed") is True and not first.get("failed"), first)
    second = play(module, **args)
    check("%s: done already" % what, second.get("changed") is False and not second.get("failed"), second)
    return first


svm = {"vserver": setup["svm"]}
gold, clone = setup["gold"], "interop_clone"
path = "/vol/%s/boot" % clone

igroup = {"name": "interop_esx", "os_type": "vmware", "initiator_group_type": "mixed", "initiator_names": [setup["initiator"]]}
changes("an igroup is made with its initiator", "igroup", **svm, **igroup)
changes(
    "an initiator is added to it", "igroup", **svm,
    **{**igroup, "initiator_names": [setup["initiator"], "20:00:00:50:56:b4:13:a8"]}
)
changes("a snapshot of gold is taken", "snapshot", **svm, volume=gold, snapshot="interop_base")
changes(
    "the snapshot is cloned", "volume_clone", **svm, name=clone, parent_volume=gold, parent_snapshot="interop_base"
)
mapped = changes("the clone's LUN is mapped", "lun_map", **svm, path=path, initiator_group_name="interop_esx")
again = play("lun_map", **svm, path=path, initiator_group_name="interop_esx")
naa = again.get("lun_naa_id", mapped.get("lun_naa_id"))
check("NetApp's code computes an NAA of the LUN", str(naa).startswith("600a0980"), again)

taken = play("volume_clone", **svm, name="interop-bad", parent_volume=gold, parent_snapshot="interop_base")
check("a name that ONTAP does not allow is refused", taken.get("failed") is True, taken)

info = play("rest_info", gather_subset=["storage/luns"], fields=["*"])
luns = info.get("ontap_info", {}).get("storage/luns", {}).get("records", [])
check("rest_info lists the LUNs, the clone's among them", any(lun["name"] == path for lun in luns), info)
print("made %s" % json.dumps({"naa": naa, "clone": clone, "igroup": "interop_esx"}), flush=True)

sys.stdin.readline()  # our driver reads the same world meanwhile

changes(
    "the LUN is unmapped", "lun_map", **svm, path=path, initiator_group_name="interop_esx", state="absent"
)
deleted = play("volume", **svm, name=clone, state="absent")
check("the clone is deleted", deleted.get("changed") is True, deleted)
restored = play("volume", **svm, name=gold, snapshot_restore="interop_base", state="present")
check("gold is restored to the snapshot", restored.get("changed") is True and not restored.get("failed"), restored)
changes("the snapshot is deleted", "snapshot", **svm, volume=gold, snapshot="interop_base", state="absent")
changes("the igroup is deleted", "igroup", **svm, name="interop_esx", state="absent")
