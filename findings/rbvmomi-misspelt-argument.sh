#!/usr/bin/env bash
# rbvmomi: an argument whose name the method does not have is dropped, silently.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s ruby-rbvmomi >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends ruby-rbvmomi >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   rbvmomi $(dpkg-query -W -f '${Version}' ruby-rbvmomi) (Debian ruby-rbvmomi)"
echo "expected:  'unexpected property name', as its data objects say for a key that they do not have"
echo "behaviour: a method call takes the arguments that it knows from the hash and drops the rest without a word:"
echo "           RegisterVM_Task's argument is pool, so resourcePool is never sent. Keys set with []= are dropped too."
echo "seen:"

cat > run.rb <<'RB'
require 'rbvmomi'
require 'socket'

VIM = RbVmomi::VIM
server = TCPServer.new('127.0.0.1', 0)
requests = Queue.new
Thread.new do
  loop do
    Thread.new(server.accept) do |socket|
      while (line = socket.gets)
        length = line[/\Acontent-length:\s*(\d+)/i, 1]&.to_i || length
        next unless line == "\r\n"
        request = socket.read(length)
        requests << request
        method = request[/Body><(\w+)/, 1]
        reply = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' \
          "<#{method}Response xmlns=\"urn:vim25\"><returnval type=\"Task\">task-7</returnval></#{method}Response></soapenv:Body></soapenv:Envelope>"
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: #{reply.bytesize}\r\n\r\n#{reply}")
      end
    end
  end
end

vim = VIM.new(host: '127.0.0.1', port: server.addr[1], ssl: false, insecure: true, path: '/sdk', ns: 'urn:vim25', rev: '5.5')
folder = VIM::Folder.new(vim, 'group-v3')
pool = VIM::ResourcePool.new(vim, 'resgroup-8')
task = folder.RegisterVM_Task(path: '[gold] vm/vm.vmx', asTemplate: false, resourcePool: pool)
sent = requests.pop[%r{<path>.*(?=</RegisterVM_Task>)}]
puts '  called: RegisterVM_Task(path:, asTemplate:, resourcePool:)'
puts "  sent:   #{sent}"
puts "  answer: #{task._ref}, no error"

begin
  VIM.VirtualMachineConfigSpec(nmae: 'gold')
rescue RuntimeError => e
  refusal = e.message
end
puts "  a data object with such a key: #{refusal}"
spec = VIM.VirtualMachineConfigSpec(name: 'gold')
spec[:anotation] = 'do not touch'
VIM::VirtualMachine.new(vim, 'vm-42').ReconfigVM_Task(spec: spec)
changed = requests.pop[%r{<spec.*</spec>}]
puts "  the same set with []= afterwards: #{changed}"

expected = '<path>[gold] vm/vm.vmx</path><asTemplate>0</asTemplate>'
abort 'the behaviour has changed' unless sent == expected && refusal == 'unexpected property name nmae' && changed !~ /touch/
RB
ruby -W0 run.rb
