package main

import (
	"context"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func (l *lab) virtualMachines(ctx context.Context) {
	check("vm.power -off -force: powers off, and is refused a second time", func() {
		vm, err := l.finder.VirtualMachine(ctx, l.NoTools)
		must(err)
		must(refused(vm.ShutdownGuest(ctx), types.ToolsUnavailable{}))
		must(refused(vm.Unregister(ctx), types.InvalidPowerState{}))
		off, err := vm.PowerOff(ctx)
		must(err)
		must(off.Wait(ctx))
		state, err := vm.PowerState(ctx)
		must(err)
		expect(state == types.VirtualMachinePowerStatePoweredOff, "it is %s", state)
		_, err = vm.PowerOff(ctx)
		must(refused(err, types.InvalidPowerState{}))
	})
	check("vm.unregister and vm.register: a VM goes and comes back by its path", func() {
		vm, err := l.finder.VirtualMachine(ctx, l.NoTools)
		must(err)
		var before mo.VirtualMachine
		must(vm.Properties(ctx, vm.Reference(), []string{"config.files.vmPathName"}, &before))
		path := before.Config.Files.VmPathName
		must(vm.Unregister(ctx))
		must(refused(vm.Properties(ctx, vm.Reference(), []string{"name"}, new(mo.VirtualMachine)), types.ManagedObjectNotFound{}))
		folders, err := l.datacenter.Folders(ctx)
		must(err)
		pool, err := l.host.ResourcePool(ctx)
		must(err)
		for _, fault := range []types.AnyType{nil, types.AlreadyExists{}} {
			register, err := folders.VmFolder.RegisterVM(ctx, path, "", false, pool, l.host)
			must(err)
			info, err := register.WaitForResult(ctx, nil)
			if fault != nil {
				must(refused(err, fault))
				continue
			}
			must(err)
			made := object.NewVirtualMachine(l.Client.Client, info.Result.(types.ManagedObjectReference))
			expect(info.DescriptionId == "Folder.registerVm" && info.Entity != nil, "a poor task: %s", info.DescriptionId)
			name, err := made.ObjectName(ctx)
			must(err)
			expect(name == l.NoTools, "it is called %s now", name)
		}
	})
}

func (l *lab) hostStorage(ctx context.Context) {
	var volume types.HostVmfsVolume
	var disk types.ScsiLun
	check("host.storage.info -rescan -refresh -rescan-vmfs: rescans and reads the whole storage system", func() {
		storage, err := l.host.ConfigManager().StorageSystem(ctx)
		must(err)
		l.storage = storage
		must(storage.RescanAllHba(ctx))
		must(storage.Refresh(ctx))
		must(storage.RescanVmfs(ctx))
		var whole mo.HostStorageSystem
		must(storage.Properties(ctx, storage.Reference(), nil, &whole))
		for _, mount := range whole.FileSystemVolumeInfo.MountInfo {
			if vmfs, ok := mount.Volume.(*types.HostVmfsVolume); ok && vmfs.Name == l.Label {
				volume = *vmfs
			}
		}
		expect(len(volume.Extent) == 1, "no VMFS volume %s", l.Label)
		for _, lun := range whole.StorageDeviceInfo.ScsiLun {
			if one := lun.GetScsiLun(); one.CanonicalName == volume.Extent[0].DiskName {
				disk = *one
			}
		}
		expect(disk.Uuid != "" && len(whole.StorageDeviceInfo.HostBusAdapter) > 0, "no disk, or no adapter")
	})
	check("unmounts, detaches, attaches and mounts, with typed refusals", func() {
		detach := func() error {
			_, err := methods.DetachScsiLun(ctx, l.Client, &types.DetachScsiLun{This: l.storage.Reference(), LunUuid: disk.Uuid})
			return err
		}
		mount := func() error {
			_, err := methods.MountVmfsVolume(ctx, l.Client, &types.MountVmfsVolume{This: l.storage.Reference(), VmfsUuid: volume.Uuid})
			return err
		}
		must(refused(l.storage.UnmountVmfsVolume(ctx, volume.Uuid), types.ResourceInUse{}))
		must(refused(detach(), types.ResourceInUse{}))
		vms, err := l.finder.VirtualMachineList(ctx, "*")
		must(err)
		for _, vm := range vms {
			if state, err := vm.PowerState(ctx); err == nil && state == types.VirtualMachinePowerStatePoweredOn {
				off, err := vm.PowerOff(ctx)
				must(err)
				must(off.Wait(ctx))
			}
			must(vm.Unregister(ctx))
		}
		must(refused(mount(), types.InvalidState{}))
		must(l.storage.UnmountVmfsVolume(ctx, volume.Uuid))
		must(refused(l.storage.UnmountVmfsVolume(ctx, volume.Uuid), types.InvalidState{}))
		must(detach())
		must(refused(detach(), types.InvalidState{}))
		must(refused(mount(), types.NotFound{}))
		must(l.storage.AttachScsiLun(ctx, disk.Uuid))
		must(refused(l.storage.AttachScsiLun(ctx, disk.Uuid), types.InvalidState{}))
		must(l.storage.RescanVmfs(ctx))
		must(mount())
	})
	check("queries unresolved copies and is told why one is not mounted", func() {
		copies, err := l.storage.QueryUnresolvedVmfsVolumes(ctx)
		must(err)
		expect(len(copies) == 1 && copies[0].ResolveStatus.Resolvable, "%d copies", len(copies))
		res, err := methods.ResolveMultipleUnresolvedVmfsVolumes(ctx, l.Client, &types.ResolveMultipleUnresolvedVmfsVolumes{
			This: l.storage.Reference(),
			ResolutionSpec: []types.HostUnresolvedVmfsResolutionSpec{{
				ExtentDevicePath: []string{copies[0].Extent[0].DevicePath},
				UuidResolution:   string(types.HostUnresolvedVmfsResolutionSpecVmfsUuidResolutionForceMount),
			}},
		})
		must(err)
		result := res.Returnval[0]
		expect(result.Fault == nil && result.Vmfs != nil && result.Vmfs.ForceMountedInfo != nil, "not mounted: %+v", result.Fault)
		copies, err = l.storage.QueryUnresolvedVmfsVolumes(ctx)
		must(err)
		expect(len(copies) == 0, "still unresolved")
	})
}
