#!/usr/bin/env bash
# govmomi's finder: asked for the VM "gold[1]", it hands over another VM, "gold1".
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s golang-go golang-github-vmware-govmomi-dev >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends golang-go golang-github-vmware-govmomi-dev >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   govmomi $(dpkg-query -W -f '${Version}' golang-github-vmware-govmomi-dev) (Debian), package find, against its own simulator"
echo "expected:  a VM is found by its exact name first, and a pattern is tried when there is none"
echo "behaviour: each name is a path.Match pattern, also for the call that finds one VM. A name with brackets does not match itself:"
echo "           'gold[1]' finds the VM 'gold1', or nothing; gold\\[1\\] is exact. What is found is then powered off or destroyed."
echo "seen:      (the build takes a minute or two)"

mkdir -p go/src/finder
cat > go/src/finder/main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/simulator"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	model := simulator.VPX()
	check(model.Create())
	server := model.Service.NewServer()
	defer server.Close()
	client, err := govmomi.NewClient(ctx, server.URL, true)
	check(err)
	finder := find.NewFinder(client.Client, false)
	datacenter, err := finder.DefaultDatacenter(ctx)
	check(err)
	finder.SetDatacenter(datacenter)
	vms, err := finder.VirtualMachineList(ctx, "*")
	check(err)
	for i, name := range []string{"gold[1]", "gold1", "base[a-c]"} {
		task, err := vms[i].Rename(ctx, name)
		check(err)
		check(task.Wait(ctx))
	}

	same := true
	for _, try := range [][2]string{{"gold[1]", "gold1"}, {"base[a-c]", "not found"}, {`gold\[1\]`, "gold[1]"}} {
		found := "not found"
		if vm, err := finder.VirtualMachine(ctx, try[0]); err == nil {
			found = vm.Name()
		}
		fmt.Printf("  asked for %-11s found %s\n", try[0], found)
		same = same && found == try[1]
	}
	if !same {
		fmt.Println("the behaviour has changed")
		os.Exit(1)
	}
}
GO
GO111MODULE=off GOFLAGS=-p=1 GOPATH=$work/go:/usr/share/gocode GOCACHE=$work/cache nice go run finder
