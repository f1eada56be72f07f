#!/usr/bin/env bash
# promtool: a page in OpenMetrics form, right as it is, is found wrong: counters have "no help text".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The package would start a server: its one program is taken out of it instead.
promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  apt-get download -qq prometheus >apt.log 2>&1 || { cat apt.log; exit 1; }
  dpkg-deb -x prometheus_*.deb prometheus
  promtool=prometheus/usr/bin/promtool
fi
echo '{"type":"module"}' > package.json
npm install --loglevel=error --no-audit --no-fund --ignore-scripts prom-client@15.1.3 >/dev/null

echo "library:   $("$promtool" --version 2>&1 | head -1 | cut -d' ' -f1-3) (Debian prometheus), with prom-client@15.1.3 (npm)"
echo "expected:  'promtool check metrics' reads both forms that its own server scrapes"
echo "behaviour: it reads everything as the older text form. There a counter's help belongs to its full name, in OpenMetrics to"
echo "           the name without _total: so the page that follows the standard is blamed, and the exit code is 3. Besides, a"
echo "           counter called runs is runs in one form and runs_total in the other, so a change of form renames the series."
echo "seen:"

cat > page.js <<'JS'
import client from "prom-client";

const register = new client.Registry();
if (process.argv[2] === "openmetrics") register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
for (const name of ["plans_total", "runs"]) new client.Counter({ name, help: `Number of ${name}.`, registers: [register] }).inc();
process.stdout.write(await register.metrics());
JS
same=0
for form in text openmetrics; do
  node page.js $form > page
  code=0
  verdict=$("$promtool" check metrics < page 2>&1) || code=$?
  echo "  $form:"
  grep -v '^$' page | sed 's/^/    /'
  echo "    promtool exits with $code: $(tr '\n' ';' <<< "$verdict")"
  case "$form $code $verdict" in
    'text 3 runs counter metrics should have "_total" suffix') same=$((same + 1)) ;;
    'openmetrics 3 plans_total no help text'*'runs_total no help text') same=$((same + 1)) ;;
  esac
done
[ "$same" = 2 ] || { echo "the behaviour has changed"; exit 1; }
