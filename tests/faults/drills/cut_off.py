"""The way to PostgreSQL cut off: packets dropped, connections reset, silence.

Dropped packets are a cable that is pulled. In the silence a proxy stops, whose kernel goes on
acknowledging what the service sends, so that TCP's own time-outs see nothing, and delivers in the end."""

import time
import urllib.parse

from parts import namespaces
from parts.audit import Audit
from parts.outage import TIMEOUT_SECONDS, Fault, settled
from parts.proxy import Proxy
from parts.report import Skipped

ENGINES = ("postgres",)
# A request waits for a connection as long as that, and only then is refused.
RESET_SECONDS = TIMEOUT_SECONDS + 2
# One that was under way waits before it, so that the first to be counted may take twice as long.
SILENCES = (20, 2 * TIMEOUT_SECONDS + 2)


def run(drill):
    silence = SILENCES[drill.quick]
    try:
        namespaces.network()
        namespaces.needed("iptables", "iptables")
        packets = True
    except Skipped as reason:
        drill.report.left_out("packets dropped", reason)
        packets = False
    with drill.database() as database, Proxy(database.port) as proxy:
        parts = urllib.parse.urlsplit(database.url)
        url = parts._replace(netloc=f"postgres@127.0.0.1:{proxy.port}").geturl()
        with drill.service(url) as service:
            crew = drill.crew(service, refused=True)
            with crew.working():
                time.sleep(1)
                if packets:
                    drop, accept = _filter(proxy.port)
                    Fault("packets dropped", drop, accept, silence).make(drill, crew)
                Fault("RST", proxy.reset, proxy.heal, RESET_SECONDS).make(drill, crew)
                Fault("silence", proxy.hold, proxy.heal, silence).make(drill, crew)
            settled(crew, drill, service, Audit())


def _filter(port):
    """What drops every packet to and from the proxy, and what ends that."""

    def rules(action):
        for chain, side in (("INPUT", "--dport"), ("INPUT", "--sport")):
            namespaces.run("iptables", action, chain, "-p", "tcp", side, str(port), "-j", "DROP")

    return lambda: rules("-A"), lambda: rules("-D")
