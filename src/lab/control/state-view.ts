import { usable } from "../world/state.ts";
import { vmPath } from "../world/vms.ts";
import type { World } from "../world/world.ts";

/**
 * The whole world as `GET /state` shows it: plain JSON, related by name where a person reads it and by id where a test
 * does. A documented field without a value is null, never left out.
 */
export function stateView(world: World): object {
  const { model, state } = world;
  const nameOf = (list: readonly { id: string; name: string }[], id: string): string | null =>
    list.find((candidate) => candidate.id === id)?.name ?? null;
  const datastoreName = (id: string): string | null => nameOf(model.datastores, id);
  return {
    generation: world.generation,
    lag: state.lags.settings,
    access: state.access,
    volumes: model.volumes.map(
      ({ id, name, kind, guid, policyId, parentVolumeId, parentSnapshotId, dataVersion, header }) => ({
        id,
        name,
        kind,
        guid,
        policyId: policyId ?? null,
        parentVolumeId: parentVolumeId ?? null,
        parentSnapshotId: parentSnapshotId ?? null,
        dataVersion,
        vmfsUuid: header.vmfsUuid,
      }),
    ),
    snapshots: model.snapshots.map(({ id, name, volumeId, createdAt, dataVersion }) => ({
      id,
      name,
      volumeId,
      createdAt,
      dataVersion,
    })),
    clients: model.clients.map(({ id, name, hostAddress }) => ({ id, name, hostAddress })),
    assignments: model.assignments.map(({ id, volumeId, clientId }) => ({ id, volumeId, clientId })),
    hosts: model.hosts.map((host) => ({
      id: host.id,
      name: host.name,
      client: nameOf(model.clients, host.clientId),
      datacenter: nameOf(model.datacenters, host.datacenterId),
      connected: host.connected,
      folder: model.datacenters.find(({ id }) => id === host.datacenterId)?.subfolder,
      pool: host.subpool,
      disks: host.disks.map(({ naa }) => naa),
      detached: [...host.detached],
      mounts: host.mounts
        .filter(({ mounted }) => mounted)
        .map(({ datastoreId, vmfsUuid, naas, forceMounted, accessible }) => ({
          datastore: datastoreName(datastoreId),
          vmfsUuid,
          naa: naas[0] ?? null,
          forceMounted,
          accessible,
        })),
      unmounted: host.mounts
        .filter(({ mounted }) => !mounted)
        .map(({ vmfsUuid, naas }) => ({ vmfsUuid, naa: naas[0] ?? null })),
      copiesUnresolvable: host.copiesUnresolvable,
      maintenance: host.maintenance,
      keeps: host.keeps,
      disabledMethods: host.disabledMethods,
      unresolved: host.unresolved.map(({ vmfsUuid, naa }) => ({ vmfsUuid, naa })),
    })),
    datastores: model.datastores.map(
      ({ id, name, vmfsUuid, naas, late, pod, ioControl, heartbeat, disabledMethods }) => ({
        id,
        name,
        vmfsUuid,
        naa: naas,
        late,
        pod,
        ioControl,
        heartbeat,
        disabledMethods,
        hosts: model.hosts
          .filter(({ mounts }) => mounts.some((mount) => mount.datastoreId === id && mount.mounted))
          .map((host) => host.name),
        accessible: model.hosts.some(({ mounts }) => mounts.some((mount) => mount.datastoreId === id && usable(mount))),
      }),
    ),
    vms: model.vms.map((vm) => ({
      id: vm.id,
      name: vm.name,
      instanceUuid: vm.instanceUuid,
      path: vmPath(state, vm),
      datastore: datastoreName(vm.datastoreId),
      host: nameOf(model.hosts, vm.hostId),
      powerState: vm.powerState,
      template: vm.template,
      folder: vm.folderId,
      pool: vm.template ? undefined : (vm.poolId ?? model.hosts.find((host) => host.id === vm.hostId)?.resourcePool),
      connectionState: vm.connectionState,
      powerOffFails: vm.powerOffFails,
      question: vm.question,
      managedBy: vm.managedBy,
      faultTolerant: vm.faultTolerant,
      workingDatastore: vm.workingDatastoreId === undefined ? undefined : datastoreName(vm.workingDatastoreId),
      disabledMethods: vm.disabledMethods,
    })),
    files: model.volumes.flatMap(({ id, files }) =>
      files.map(({ path, unreadable }) => ({ volumeId: id, path, unreadable })),
    ),
    mutations: world.mutations,
  };
}
