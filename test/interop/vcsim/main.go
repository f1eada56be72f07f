// Serves govmomi's vCenter simulator over TLS: a vCenter that nobody of this project wrote, for our client.
//
// Debian packages the simulator as a library, without its command. Beyond what that command does, the hosts get
// addresses and DNS names of their own (10.0.0.1 is esx-1.lab.test, and so on) and the local datastores become VMFS
// volumes with one disk each, since those are what our client looks for.
//
// Prints one line of JSON when it is ready. A line on standard input ends all sessions and is answered with their number;
// the end of standard input ends the program.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io/ioutil"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions notes who is signed in, which the simulator keeps to itself.
type sessions struct {
	next http.Handler
	mu   sync.Mutex
	keys map[string]bool
}

// ServeHTTP notes the request's session and hands it on.
func (s *sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(soap.SessionCookieName); err == nil {
		s.mu.Lock()
		s.keys[cookie.Value] = true
		s.mu.Unlock()
	}
	s.next.ServeHTTP(w, r)
}

func (s *sessions) expire() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	manager := simulator.Map.SessionManager()
	nobody := &simulator.Context{Context: context.Background(), Session: new(simulator.Session)}
	for key := range s.keys {
		res := manager.TerminateSession(nobody, &types.TerminateSession{This: manager.Self, SessionId: []string{key}})
		if res.Fault() == nil {
			ended++
		}
	}
	s.keys = make(map[string]bool)
	return ended
}

func nameHosts() {
	for i, entity := range simulator.Map.All("HostSystem") {
		network := entity.(*simulator.HostSystem).Config.Network
		for j := range network.Vnic {
			network.Vnic[j].Spec.Ip.IpAddress = fmt.Sprintf("10.0.%d.%d", (i+1)/250, (i+1)%250)
		}
		for j := range network.NetStackInstance {
			network.NetStackInstance[j].DnsConfig = &types.HostDnsConfig{HostName: fmt.Sprintf("esx-%d.lab.test", i+1)}
		}
	}
}

func formatDatastores() {
	for i, entity := range simulator.Map.All("Datastore") {
		datastore := entity.(*simulator.Datastore)
		datastore.Info = &types.VmfsDatastoreInfo{
			DatastoreInfo: *datastore.Info.GetDatastoreInfo(),
			Vmfs: &types.HostVmfsVolume{
				HostFileSystemVolume: types.HostFileSystemVolume{Type: "VMFS", Name: datastore.Name},
				Uuid:                 fmt.Sprintf("5f1b2c3d-0000%04x-0000-005056000001", i),
				Extent:               []types.HostScsiDiskPartition{{DiskName: fmt.Sprintf("naa.600601600000000000000000%08x", i), Partition: 1}},
			},
		}
	}
}

func main() {
	model := simulator.VPX()
	flag.IntVar(&model.Datacenter, "dc", model.Datacenter, "datacenters")
	flag.IntVar(&model.Cluster, "cluster", model.Cluster, "clusters a datacenter")
	flag.IntVar(&model.ClusterHost, "host", model.ClusterHost, "hosts a cluster")
	flag.IntVar(&model.Host, "standalone-host", model.Host, "standalone hosts a datacenter")
	flag.IntVar(&model.Folder, "folder", model.Folder, "datacenters within folders")
	flag.IntVar(&model.Pool, "pool", model.Pool, "pools within a cluster's own")
	flag.IntVar(&model.Machine, "vm", model.Machine, "VMs a pool")
	username := flag.String("username", "", "who may sign in")
	password := flag.String("password", "", "and with what")
	flag.Parse()
	log.SetOutput(ioutil.Discard)

	if err := model.Create(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer model.Remove()
	nameHosts()
	formatDatastores()

	model.Service.TLS = new(tls.Config)
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(*username, *password)}
	server := model.Service.NewServer()
	defer server.Close()
	seen := &sessions{next: server.Config.Handler, keys: make(map[string]bool)}
	server.Config.Handler = seen

	ready, _ := json.Marshal(map[string]string{"port": server.URL.Port()})
	fmt.Println(string(ready))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(seen.expire())
	}
}
