package main

import (
	"context"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func (l *lab) reads(ctx context.Context) {
	check("ls -l: walks the inventory by path, down to the host and its VMs", func() {
		hosts, err := l.finder.HostSystemList(ctx, "/*/host/*")
		must(err)
		for _, host := range hosts {
			if host.Name() == l.Host {
				l.host = host
			}
		}
		expect(l.host != nil, "no host %s among %d", l.Host, len(hosts))
		centers, err := l.finder.DatacenterList(ctx, "*")
		must(err)
		for _, center := range centers {
			if _, err := l.finder.SetDatacenter(center).HostSystem(ctx, l.Host); err == nil {
				l.datacenter = center
				break
			}
		}
		expect(l.datacenter != nil, "the host is in no datacenter")
		for _, path := range []string{"/", "vm", "host", "datastore", "network", "host/*", "datastore/*"} {
			elements, err := l.finder.ManagedObjectListChildren(ctx, path)
			must(err)
			expect(len(elements) > 0, "nothing below %s", path)
		}
		_, err = l.finder.DefaultResourcePool(ctx)
		must(err)
	})
	check("datastore.info: reads a datastore's info, summary and hosts", func() {
		store, err := l.finder.Datastore(ctx, l.Label)
		must(err)
		l.store = store
		var read []mo.Datastore
		must(l.pc.Retrieve(ctx, []types.ManagedObjectReference{store.Reference()}, []string{"info", "summary", "host", "vm"}, &read))
		info, ok := read[0].Info.(*types.VmfsDatastoreInfo)
		expect(ok, "its info is a %T", read[0].Info)
		expect(len(info.Vmfs.Extent) == 1 && info.Vmfs.Uuid != "", "no extents")
		expect(read[0].Summary.Type == "VMFS" && read[0].Summary.Accessible && len(read[0].Vm) > 0, "a poor summary")
		attached, err := store.AttachedHosts(ctx)
		must(err)
		expect(len(attached) == 1 && attached[0].Reference() == l.host.Reference(), "not attached to the host")
	})
	check("vm.info: reads VMs' summaries, addresses and hosts", func() {
		vms, err := l.finder.VirtualMachineList(ctx, "*")
		must(err)
		var refs []types.ManagedObjectReference
		for _, vm := range vms {
			refs = append(refs, vm.Reference())
		}
		var read []mo.VirtualMachine
		must(l.pc.Retrieve(ctx, refs, []string{"summary", "guest.ipAddress", "datastore", "network"}, &read))
		states := map[types.VirtualMachinePowerState]int{}
		for _, vm := range read {
			states[vm.Summary.Runtime.PowerState]++
			expect(*vm.Summary.Runtime.Host == l.host.Reference(), "%s is on another host", vm.Summary.Config.Name)
		}
		expect(len(states) == 2 && len(read) == len(vms), "power states %v of %d VMs", states, len(vms))
		name, err := l.host.ObjectName(ctx)
		must(err)
		expect(name == l.Host, "the host is called %s", name)
	})
	check("find -type m: lists by a container view, filtered by power state", func() {
		manager := view.NewManager(l.Client.Client)
		container, err := manager.CreateContainerView(ctx, l.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
		must(err)
		on, err := container.Find(ctx, []string{"VirtualMachine"}, property.Filter{"runtime.powerState": "poweredOn"})
		must(err)
		var all []mo.VirtualMachine
		must(container.Retrieve(ctx, []string{"VirtualMachine"}, []string{"name", "runtime.powerState"}, &all))
		expect(len(on) > 0 && len(on) < len(all), "%d of %d", len(on), len(all))
		must(container.Destroy(ctx))
	})
	check("looks objects up by address, path and UUID", func() {
		index := object.NewSearchIndex(l.Client.Client)
		found, err := index.FindByIp(ctx, nil, l.Host, false)
		must(err)
		expect(found.Reference() == l.host.Reference(), "not the host")
		found, err = index.FindByInventoryPath(ctx, l.datacenter.InventoryPath+"/vm/web-01")
		must(err)
		expect(found.Reference().Type == "VirtualMachine", "no VM")
	})
	check("datastore.ls -R: finds VMX files, nested folders and templates included", func() {
		browser, err := l.store.Browser(ctx)
		must(err)
		spec := types.HostDatastoreBrowserSearchSpec{
			MatchPattern: []string{"*.vmx", "*.vmtx"},
			Details:      &types.FileQueryFlags{FileType: true, FileSize: true, Modification: true},
		}
		// Optional by govmomi's types, and required by vCenter all the same: govc's source says so too.
		_, err = browser.SearchDatastoreSubFolders(ctx, l.store.Path(""), &spec)
		expect(err != nil && strings.Contains(err.Error(), "Required property fileOwner is missing"), "%v", err)
		spec.Details.FileOwner = types.NewBool(true)
		search, err := browser.SearchDatastoreSubFolders(ctx, l.store.Path(""), &spec)
		must(err)
		info, err := search.WaitForResult(ctx, nil)
		must(err)
		files := 0
		for _, folder := range info.Result.(types.ArrayOfHostDatastoreBrowserSearchResults).HostDatastoreBrowserSearchResults {
			expect(*folder.Datastore == l.store.Reference(), "another datastore's folder")
			files += len(folder.File)
		}
		expect(files > 4, "%d files", files)
		search, err = browser.SearchDatastore(ctx, l.store.Path("no-such"), &spec)
		must(err)
		must(refused(search.Wait(ctx), types.FileNotFound{}))
	})
	check("reads everything there is of each kind of object", func() {
		for _, one := range []struct {
			ref types.ManagedObjectReference
			dst interface{}
		}{
			{l.host.Reference(), new(mo.HostSystem)},
			{l.store.Reference(), new(mo.Datastore)},
			{l.datacenter.Reference(), new(mo.Datacenter)},
			{l.ServiceContent.RootFolder, new(mo.Folder)},
		} {
			must(l.RetrieveOne(ctx, one.ref, nil, one.dst))
		}
	})
}
