// What govmomi, the library under govc and Terraform, makes of the lab's vCenter: the calls of govc's about, ls, find,
// datastore.info, datastore.ls, vm.info, vm.power, vm.unregister, vm.register and host.storage.info, then those of its
// storage system.
//
// Reads {"main", "username", "password", "host", "label", "noTools"} as JSON from the first argument. Prints one line a
// check, `ok NAME` or `not ok NAME: WHY`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/task"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type setup struct {
	Main                              int
	Username, Password, Host, NoTools string
	Label                             string
}

type lab struct {
	setup
	*govmomi.Client
	finder     *find.Finder
	pc         *property.Collector
	datacenter *object.Datacenter
	host       *object.HostSystem
	storage    *object.HostStorageSystem
	store      *object.Datastore
}

func connect(ctx context.Context, s setup, password string) (*govmomi.Client, error) {
	return govmomi.NewClient(ctx, &url.URL{
		Scheme: "https",
		Host:   fmt.Sprintf("127.0.0.1:%d", s.Main),
		Path:   "/sdk",
		User:   url.UserPassword(s.Username, password),
	}, true)
}

// refused wants exactly this fault: in place of an answer, or as a task's error.
func refused(err error, fault types.AnyType) error {
	want := reflect.TypeOf(fault)
	var got types.AnyType
	var ended task.Error
	switch {
	case err == nil:
		return fmt.Errorf("no %s", want)
	case errors.As(err, &ended):
		got = ended.Fault()
	case soap.IsSoapFault(err):
		got = soap.ToSoapFault(err).VimFault()
	default:
		return err
	}
	found := reflect.TypeOf(got)
	if found != nil && found.Kind() == reflect.Ptr {
		found = found.Elem()
	}
	if found != want {
		return fmt.Errorf("%v where %s was due", found, want)
	}
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(holds bool, what string, about ...interface{}) {
	if !holds {
		panic(fmt.Errorf(what, about...))
	}
}

func check(name string, body func()) {
	defer func() {
		if why := recover(); why != nil {
			fmt.Printf("not ok govmomi: %s: %s\n", name, strings.Join(strings.Fields(fmt.Sprint(why)), " "))
			return
		}
		fmt.Printf("ok govmomi: %s\n", name)
	}()
	body()
}

func main() {
	var s setup
	must(json.Unmarshal([]byte(os.Args[1]), &s))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := &lab{setup: s}
	check("a wrong password is InvalidLogin", func() {
		_, err := connect(ctx, s, "wrong")
		must(refused(err, types.InvalidLogin{}))
	})
	check("about: signs in over TLS and is told what it talks to", func() {
		client, err := connect(ctx, s, s.Password)
		must(err)
		l.Client, l.pc, l.finder = client, property.DefaultCollector(client.Client), find.NewFinder(client.Client, true)
		about := client.ServiceContent.About
		expect(client.IsVC() && about.ApiType == "VirtualCenter", "it is a %s", about.ApiType)
		session, err := client.SessionManager.UserSession(ctx)
		must(err)
		expect(session != nil && session.UserName == s.Username, "not its own session")
		_, err = methods.GetCurrentTime(ctx, client.Client)
		must(err)
	})
	l.reads(ctx)
	l.virtualMachines(ctx)
	l.hostStorage(ctx)
	check("is NotAuthenticated once it has signed out", func() {
		must(l.Logout(ctx))
		var folder mo.Folder
		must(refused(l.RetrieveOne(ctx, l.ServiceContent.RootFolder, []string{"name"}, &folder), types.NotAuthenticated{}))
	})
}
