#!/usr/bin/env bash
# rbvmomi: members of a reply that do not come in the order of the schema are lost, silently.
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
echo "expected:  members are found by name, or a wrong order is an error"
echo "behaviour: it walks the schema and the reply side by side. A member that comes early blocks all that follow: they"
echo "           read as nil and as empty lists. A simulator that writes members in its own order (node-soap's server"
echo "           writes them as the object was built) shows this client an empty world."
echo "seen:"

cat > run.rb <<'RB'
require 'rbvmomi'
require 'socket'

VIM = RbVmomi::VIM
MEMBERS = {
  'vmfsLabel' => '<vmfsLabel>gold</vmfsLabel>',
  'vmfsUuid' => '<vmfsUuid>5f0c0000-11110000-2222-000000000000</vmfsUuid>',
  'extent' => '<extent><device><diskName>naa.600a098000000000</diskName><partition>1</partition></device>' \
    '<devicePath>/vmfs/devices/disks/naa.600a098000000000:1</devicePath><vmfsUuid>5f0c0000-11110000-2222-000000000000</vmfsUuid>' \
    '<isHeadExtent>true</isHeadExtent><ordinal>0</ordinal><startBlock>0</startBlock><endBlock>9</endBlock><reason>diskIdMismatch</reason></extent>',
  'totalBlocks' => '<totalBlocks>9</totalBlocks>',
  'resolveStatus' => '<resolveStatus><resolvable>true</resolvable></resolveStatus>',
}.freeze
ORDERS = [%w[extent vmfsLabel vmfsUuid totalBlocks resolveStatus], %w[vmfsLabel vmfsUuid extent totalBlocks resolveStatus]].freeze

server = TCPServer.new('127.0.0.1', 0)
order = nil
Thread.new do
  loop do
    Thread.new(server.accept) do |socket|
      while (line = socket.gets)
        length = line[/\Acontent-length:\s*(\d+)/i, 1]&.to_i || length
        next unless line == "\r\n"
        method = socket.read(length)[/Body><(\w+)/, 1]
        volume = order.map { |name| MEMBERS[name] }.join
        reply = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' \
          "<#{method}Response xmlns=\"urn:vim25\"><returnval>#{volume}</returnval></#{method}Response></soapenv:Body></soapenv:Envelope>"
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: #{reply.bytesize}\r\n\r\n#{reply}")
      end
    end
  end
end

vim = VIM.new(host: '127.0.0.1', port: server.addr[1], ssl: false, insecure: true, path: '/sdk', ns: 'urn:vim25', rev: '5.5')
hosts = VIM::HostDatastoreSystem.new(vim, 'datastoreSystem-9')
read = ORDERS.map do |names|
  order = names
  volume = hosts.QueryUnresolvedVmfsVolumes.first
  puts "  #{names.join(', ')}:"
  puts "    label #{volume.vmfsLabel.inspect}, extents #{volume.extent.size}, resolvable #{volume.resolveStatus&.resolvable.inspect}"
  [volume.vmfsLabel, volume.extent.size, volume.resolveStatus&.resolvable]
end
abort 'the behaviour has changed' unless read == [['gold', 1, true], ['gold', 0, nil]]
RB
ruby -W0 run.rb
