/** Fault types and their members. A fault that is not listed is sent by name, without members. */
export const FAULT_TYPES = `
MethodFault < DynamicData: faultCause LocalizedMethodFault?, faultMessage LocalizableMessage*
RuntimeFault < MethodFault:
VimFault < MethodFault:
SecurityError < RuntimeFault:
NoPermission < SecurityError: object &ManagedObject, privilegeId string
NotAuthenticated < NoPermission:
InvalidLogin < VimFault:
InvalidState < VimFault:
QuestionPending < InvalidState: text string
InvalidPowerState < InvalidState: requestedState VirtualMachinePowerState?, existingState VirtualMachinePowerState
MethodDisabled < RuntimeFault: source string?
InvalidHostState < InvalidState: host &HostSystem?
ResourceInUse < VimFault: type string?, name string?
QuiesceDatastoreIOForHAFailed < ResourceInUse: host &HostSystem, hostName string, ds &Datastore, dsName string
NotFound < VimFault:
AlreadyExists < VimFault: name string?
DuplicateName < VimFault: name string, object &ManagedObject
InvalidName < VimFault: name string, entity &ManagedEntity?
ToolsUnavailable < VimFault:
TaskInProgress < VimFault: task &Task
Timedout < VimFault:
ConcurrentAccess < VimFault:
InsufficientResourcesFault < VimFault:
OutOfBounds < VimFault: argumentName string
ManagedObjectNotFound < RuntimeFault: obj &ManagedObject
InvalidProperty < MethodFault: name string
InvalidCollectorVersion < MethodFault:
InvalidArgument < RuntimeFault: invalidProperty string?
InvalidRequest < RuntimeFault:
InvalidType < InvalidRequest: argument string?
MethodNotFound < InvalidRequest: receiver &ManagedObject, method string
NotSupported < RuntimeFault:
NotImplemented < RuntimeFault:
RequestCanceled < RuntimeFault:
SystemError < RuntimeFault: reason string
UnexpectedFault < RuntimeFault: faultName string, fault LocalizedMethodFault?
HostCommunication < RuntimeFault:
HostNotConnected < HostCommunication:
HostNotReachable < HostCommunication:
HostConfigFault < VimFault:
PlatformConfigFault < HostConfigFault: text string
VmfsMountFault < HostConfigFault: uuid string
VmfsAlreadyMounted < VmfsMountFault:
VmfsAmbiguousMount < VmfsMountFault:
InvalidDatastore < VimFault: datastore &Datastore?, name string?
InaccessibleDatastore < InvalidDatastore: detail string?
InvalidDatastorePath < InvalidDatastore: datastorePath string
FileFault < VimFault: file string
FileNotFound < FileFault:
FileLocked < FileFault:
CannotAccessFile < FileFault:
VmConfigFault < VimFault:
GenericVmConfigFault < VmConfigFault: reason string
InvalidFolder < VimFault: target &ManagedEntity
`;
